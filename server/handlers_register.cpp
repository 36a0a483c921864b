#include <algorithm>

#include "server/handlers.h"
#include "server/json_out.h"
#include "server/services.h"
#include "server/text.h"

// The register: who looked at what, when. Whoever reads it stands in it.
namespace mj::server {
namespace {

constexpr int kUsualEntries = 100;

Result<index::Register::Filter> filter_of(const Target& target) {
  MJ_CHECK(allow_query(target, {"from", "to", "login", "action", "stream", "limit", "after"}));
  index::Register::Filter filter;
  MJ_TRY(filter.from, optional_time(target, "from"));
  MJ_TRY(filter.to, optional_time(target, "to"));
  MJ_TRY(filter.login, optional_id(target, "login"));
  MJ_TRY(filter.action, optional_id(target, "action"));
  if (!filter.action.empty() &&
      std::ranges::find(index::kRegisterActions, filter.action) == std::ranges::end(index::kRegisterActions))
    return fail(ErrorKind::invalid, "?action= must be one of {}", fmt::join(index::kRegisterActions, ", "));
  const std::string* stream = target.find("stream");
  if (stream != nullptr && !is_stream_key(*stream)) return fail(ErrorKind::invalid, "?stream= is none");
  if (stream != nullptr) filter.stream = *stream;
  MJ_TRY(const auto after, query_cursor<2>(target));
  if (after) filter.after = index::Register::Cursor{from_us((*after)[0]), (*after)[1]};
  MJ_TRY(const int limit, query_limit(target, index::Register::kMost));
  filter.limit = target.find("limit") == nullptr ? kUsualEntries : limit;
  return filter;
}

Result<json::object> read_register(const Request& request, Gate& gate) {
  MJ_TRY(const auto filter, filter_of(request.target));
  MJ_TRY(const auto page, gate.read_register(request.who, filter));
  json::array entries;
  for (const auto& entry : page.entries) entries.push_back(to_json(entry));
  json::value next;
  if (page.next) next = cursor_word(std::array{to_us(page.next->at), page.next->number});
  return json::object{{"entries", std::move(entries)}, {"next", std::move(next)}};
}

}  // namespace

asio::awaitable<Response> get_register(Request& request, Services& services) {
  auto page = co_await on_work(services.work, [&] { return read_register(request, services.gate); });
  co_return page ? json_answer(std::move(*page)) : error_answer(page.error());
}

}  // namespace mj::server
