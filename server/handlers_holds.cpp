#include "index/holds.h"
#include "server/handlers.h"
#include "server/json_out.h"
#include "server/services.h"
#include "server/strict_json.h"

// Holds: what must not be deleted. No footage passes here.
namespace mj::server {
namespace {

constexpr int kUsualHolds = 50;
constexpr std::size_t kNumberBytes = 256;  // 64 code points
constexpr std::size_t kReasonBytes = 2000;
constexpr std::size_t kMostStreams = 200;
constexpr std::size_t kStreamBytes = 64;
constexpr int64_t kLatestUs = 7'258'118'400'000'000;  // 2200-01-01

/// false: those in force; true: all.
Result<bool> lifted_too(const Target& target) {
  const std::string* state = target.find("state");
  if (state == nullptr || *state == "active") return false;
  if (*state == "all") return true;
  return fail(ErrorKind::invalid, "?state= must be active or all");
}

Result<json::object> list_holds(const Target& target, index::Index& index) {
  MJ_CHECK(allow_query(target, {"state", "limit", "after"}));
  index::Holds::Filter filter;
  MJ_TRY(filter.lifted, lifted_too(target));
  MJ_TRY(const auto after, query_cursor<1>(target));
  if (after) filter.after = (*after)[0];
  MJ_TRY(const int limit, query_limit(target, index::Holds::kMost));
  filter.limit = target.find("limit") == nullptr ? kUsualHolds : limit;
  MJ_TRY(const auto page, index::Holds(index).list(filter));
  json::array holds;
  for (const auto& hold : page.holds) holds.push_back(to_json(hold));
  json::value next;
  if (page.next) next = cursor_word(std::array{*page.next});
  return json::object{{"holds", std::move(holds)}, {"next", std::move(next)}};
}

index::HoldPerson person_of(const Request& request) {
  return {request.who.account.login, request.who.account.display_name};
}

Checked<index::HoldOrder> read_order(const Request& request) {
  auto object = parse_json_object(as_text(request.body));
  if (!object) return tl::unexpected<Refusal>(std::move(object).error());
  Fields fields(*object, "$");
  index::HoldOrder order;
  order.reason = fields.text("reason", kReasonBytes);
  order.case_number = fields.optional_text("case", kNumberBytes);
  order.streams = fields.optional_texts("streams", kMostStreams, kStreamBytes);
  order.by = person_of(request);
  if (!order.streams.empty()) {
    order.from = from_us(fields.integer("from_us", 0, kLatestUs));
    order.to = from_us(fields.integer("to_us", 0, kLatestUs));
  }
  if (auto done = fields.finish(); !done) return tl::unexpected<Refusal>(std::move(done).error());
  return order;
}

Checked<json::object> told(const Result<index::Hold>& hold) {
  if (!hold) return tl::unexpected<Refusal>(Refusal{hold.error(), ""});
  return to_json(*hold);
}

/// Footage may be gone by the time the register can be written again, and holds.log says who held what and
/// why: a hold does not wait for it.
void note_place(const Principal& who, const index::HoldOrder& order, index::Index& index) {
  auto entry = entry_of(who, "hold");
  entry.about =
      order.case_number.empty() ? fmt::format("{}", fmt::join(order.streams, " ")) : order.case_number;
  if (order.streams.size() == 1) std::swap(entry.stream, entry.about);
  if (!order.streams.empty()) {
    entry.from = order.from;
    entry.to = order.to;
  }
  entry.reason = order.reason;
  const auto noted = index::Register(index).note(std::move(entry));
  if (!noted) spdlog::error("holds: placed without a line in the register: {}", noted.error().message);
}

Checked<json::object> place(const Request& request, index::Index& index) {
  auto order = read_order(request);
  if (!order) return tl::unexpected<Refusal>(std::move(order).error());
  note_place(request.who, *order, index);
  const auto hold = index::Holds(index).place(*order);
  if (hold) spdlog::info("holds: {} places hold {}", order->by.login, hold->id);
  return told(hold);
}

Checked<json::object> lift(const Request& request, index::Index& index) {
  const auto id = parse_integer(request.param("hold"), "hold");
  if (!id) return tl::unexpected<Refusal>(Refusal{id.error(), ""});
  auto object = parse_json_object(as_text(request.body));
  if (!object) return tl::unexpected<Refusal>(std::move(object).error());
  Fields fields(*object, "$");
  const auto reason = fields.text("reason", kReasonBytes);
  if (auto done = fields.finish(); !done) return tl::unexpected<Refusal>(std::move(done).error());
  auto entry = entry_of(request.who, "lift");
  entry.about = fmt::format("{}", *id);
  entry.reason = reason;
  if (auto noted = index::Register(index).note(std::move(entry)); !noted) {
    return tl::unexpected<Refusal>(Refusal{noted.error(), ""});
  }
  const auto hold = index::Holds(index).lift(*id, reason, person_of(request));
  if (hold) spdlog::info("holds: {} lifts hold {}", request.who.account.login, *id);
  return told(hold);
}

}  // namespace

asio::awaitable<Response> get_holds(Request& request, Services& services) {
  auto page =
      co_await on_work(services.work, [&] { return list_holds(request.target, services.context.index); });
  co_return page ? json_answer(std::move(*page)) : error_answer(page.error());
}

asio::awaitable<Response> post_hold(Request& request, Services& services) {
  auto hold = co_await on_work(services.work, [&] { return place(request, services.context.index); });
  co_return hold ? json_answer(std::move(*hold)) : refusal_answer(hold.error());
}

asio::awaitable<Response> post_hold_lift(Request& request, Services& services) {
  auto hold = co_await on_work(services.work, [&] { return lift(request, services.context.index); });
  co_return hold ? json_answer(std::move(*hold)) : refusal_answer(hold.error());
}

}  // namespace mj::server
