#include "server/handlers.h"
#include "server/json_out.h"
#include "server/services.h"

// The search box: whatever somebody may type.
namespace mj::server {
namespace {

constexpr int kMostHits = 100;
constexpr int kUsualHits = 20;

json::array named_list(const std::vector<index::Named>& list) {
  json::array out;
  for (const auto& named : list) out.push_back({{"id", named.id}, {"name", named.name}});
  return out;
}

json::object how_read(const index::SearchAnswer& answer) {
  return {{"windows", named_list(answer.read_windows)},
          {"ticket", answer.read_ticket},
          {"from_us", to_json(answer.from)},
          {"to_us", to_json(answer.to)},
          {"words", json::array(answer.read_words.begin(), answer.read_words.end())}};
}

json::array visit_hits(const index::SearchAnswer& answer) {
  json::array out;
  for (const auto& line : answer.visits) {
    out.push_back(
        {{"visit", to_json(line)}, {"case_numbers", json::array(line.cases.begin(), line.cases.end())}});
  }
  return out;
}

json::array title_hits(const index::SearchAnswer& answer) {
  json::array out;
  for (const auto& hit : answer.titles) {
    out.push_back(
        {{"stream", hit.stream}, {"at_us", to_us(hit.at)}, {"title", hit.title}, {"program", hit.program}});
  }
  return out;
}

json::array item_hits(const index::SearchAnswer& answer) {
  json::array out;
  for (const auto& hit : answer.items) {
    out.push_back({{"id", hit.item.id},
                   {"name", hit.item.name},
                   {"cases", json::array(hit.cases.begin(), hit.cases.end())}});
  }
  return out;
}

json::array note_hits(const index::SearchAnswer& answer) {
  json::array out;
  for (const auto& note : answer.notes) {
    out.push_back({{"visit", note.visit ? json::value(*note.visit) : json::value(nullptr)},
                   {"case", note.case_number ? json::value(*note.case_number) : json::value(nullptr)},
                   {"at_us", to_us(note.at)},
                   {"by", note.by},
                   {"text", note.text}});
  }
  return out;
}

Result<json::object> search(const Request& request, Services& services) {
  MJ_CHECK(allow_query(request.target, {"q", "limit"}));
  MJ_TRY(const int limit, query_limit(request.target, kMostHits));
  const std::string* query = request.target.find("q");
  if (query == nullptr) return fail(ErrorKind::invalid, "?q= is missing");
  const bool usual = request.target.find("limit") == nullptr;
  MJ_TRY(const auto answer, services.gate.search(request.who, *query, services.context.settings.hall.timezone,
                                                 usual ? kUsualHits : limit));
  json::array cases;
  for (const auto& hit : answer.cases) cases.push_back(to_json(hit));
  return json::object{{"as", answer.as},
                      {"read", how_read(answer)},
                      {"complete", answer.complete},
                      {"cases", std::move(cases)},
                      {"visits", visit_hits(answer)},
                      {"clerks", named_list(answer.clerks)},
                      {"windows", named_list(answer.windows)},
                      {"titles", title_hits(answer)},
                      {"items", item_hits(answer)},
                      {"notes", note_hits(answer)}};
}

}  // namespace

asio::awaitable<Response> get_search(Request& request, Services& services) {
  auto found = co_await on_work(services.work, [&] { return search(request, services); });
  co_return found ? json_answer(std::move(*found)) : error_answer(found.error());
}

}  // namespace mj::server
