#include "server/fragment_index.h"
#include "server/handlers.h"
#include "server/json_out.h"
#include "server/services.h"
#include "server/text.h"

// Footage and its facts, all through the gate. Coverage says only when there is footage, clock offsets only
// what a camera believes the time to be: they are not gated.
namespace mj::server {
namespace {

constexpr Duration kLongestIndex = std::chrono::hours(24);
constexpr Duration kLongestCoverage = std::chrono::hours(24 * 366);
constexpr Duration kLongestClockOffsets = std::chrono::hours(24 * 31);
constexpr int kMostShots = 10000;

/// The {stream} of the path. Its form is checked before anything is asked with it.
Result<StreamKey> stream_of(const Request& request) {
  const std::string& key = request.param("stream");
  if (!is_stream_key(key)) return fail(ErrorKind::not_found, "no such stream");
  return key;
}

Result<WallTime> time_param(const Request& request, std::string_view name) {
  MJ_TRY(const int64_t us, parse_integer(request.param(name), name));
  return from_us(us);
}

Result<std::string> fragment_index(const Request& request, Gate& gate) {
  MJ_TRY(const StreamKey stream, stream_of(request));
  MJ_CHECK(allow_query(request.target, {"from", "to"}));
  MJ_TRY(const auto interval, query_interval(request.target, kLongestIndex));
  MJ_TRY(const auto segments, gate.fragments(request.who, stream, interval.first, interval.second));
  return encode_fragment_index(segments);
}

Result<json::object> coverage(const Request& request, const index::Index& index) {
  MJ_TRY(const StreamKey stream, stream_of(request));
  MJ_CHECK(allow_query(request.target, {"from", "to"}));
  MJ_TRY(const auto interval, query_interval(request.target, kLongestCoverage));
  MJ_TRY(const auto covered, index.coverage(stream, interval.first, interval.second));
  return to_json(covered);
}

Result<json::object> clock_offsets(const Request& request, const index::Index& index) {
  MJ_TRY(const StreamKey stream, stream_of(request));
  MJ_CHECK(allow_query(request.target, {"from", "to"}));
  MJ_TRY(const auto interval, query_interval(request.target, kLongestClockOffsets));
  MJ_TRY(const auto offsets, index.clock_offsets(stream, interval.first, interval.second));
  json::array list;
  for (const capture::ClockOffset& offset : offsets) list.push_back(to_json(offset));
  return json::object{{"clock_offsets", std::move(list)}};
}

Result<json::object> shots(const Request& request, Gate& gate) {
  MJ_TRY(const StreamKey stream, stream_of(request));
  MJ_CHECK(allow_query(request.target, {"from", "to", "limit"}));
  MJ_TRY(const auto interval, query_interval(request.target, kLongestIndex));
  MJ_TRY(const int limit, query_limit(request.target, kMostShots));
  MJ_TRY(const auto rows, gate.shots(request.who, stream, interval.first, interval.second, limit));
  json::array list;
  for (const index::ShotRow& row : rows) list.push_back(to_json(row));
  return json::object{{"shots", std::move(list)}};
}

Result<index::RunInit> run_init(const Request& request, Gate& gate) {
  MJ_TRY(const StreamKey stream, stream_of(request));
  MJ_CHECK(allow_query(request.target, {}));
  MJ_TRY(const WallTime start, time_param(request, "run_start_us"));
  return gate.run_init(request.who, stream, start);
}

Result<Gate::Piece> segment(const Request& request, Gate& gate) {
  MJ_TRY(const StreamKey stream, stream_of(request));
  MJ_CHECK(allow_query(request.target, {}));
  MJ_TRY(const WallTime start, time_param(request, "start_us"));
  // Nothing here has a validator that an If-Range could match, so with one the whole is sent (RFC 9110
  // §13.1.5).
  const bool conditional = request.header.count(http::field::if_range) > 0;
  return gate.segment(request.who, stream, start, conditional ? "" : request.field(http::field::range));
}

Response beyond_the_end(uint64_t durable_bytes) {
  Response response =
      error_answer(http::status::range_not_satisfiable,
                   {ErrorKind::invalid, "the Range is not one range of bytes within the segment"});
  response.header.set(http::field::content_range, content_range(durable_bytes));
  return response;
}

}  // namespace

asio::awaitable<Response> get_stream_index(Request& request, Services& services) {
  auto bytes = co_await on_work(services.work, [&] { return fragment_index(request, services.gate); });
  co_return bytes ? binary_answer(std::move(*bytes), "application/octet-stream")
                  : error_answer(bytes.error());
}

asio::awaitable<Response> get_stream_coverage(Request& request, Services& services) {
  auto covered = co_await on_work(services.work, [&] { return coverage(request, services.context.index); });
  co_return covered ? json_answer(std::move(*covered)) : error_answer(covered.error());
}

asio::awaitable<Response> get_stream_clock_offsets(Request& request, Services& services) {
  auto list = co_await on_work(services.work, [&] { return clock_offsets(request, services.context.index); });
  co_return list ? json_answer(std::move(*list)) : error_answer(list.error());
}

asio::awaitable<Response> get_stream_shots(Request& request, Services& services) {
  auto list = co_await on_work(services.work, [&] { return shots(request, services.gate); });
  co_return list ? json_answer(std::move(*list)) : error_answer(list.error());
}

asio::awaitable<Response> get_run_init(Request& request, Services& services) {
  auto init = co_await on_work(services.work, [&] { return run_init(request, services.gate); });
  if (!init) co_return error_answer(init.error());
  co_return binary_answer(std::string(as_text(init->video_init)), init->mime);
}

asio::awaitable<Response> get_segment(Request& request, Services& services) {
  auto piece = co_await on_work(services.work, [&] { return segment(request, services.gate); });
  if (!piece) co_return error_answer(piece.error());
  if (!piece->range) co_return beyond_the_end(piece->durable_bytes);
  Response response;
  response.header.set(http::field::content_type, "video/mp4");
  response.header.set(http::field::accept_ranges, "bytes");
  if (piece->range->partial) {
    response.status = http::status::partial_content;
    response.header.set(http::field::content_range, content_range(*piece->range, piece->durable_bytes));
  }
  response.body = std::move(piece->bytes);
  co_return response;
}

}  // namespace mj::server
