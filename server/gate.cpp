#include "server/gate.h"

#include "server/limits.h"

namespace mj::server {
namespace {

/// Admission and its trace in the program's log. Every public function of the gate begins here.
Result<void> admit(const Principal& who, const std::string& what) {
  if (who.kind != Principal::Kind::person) {
    spdlog::warn("gate: refused {} to a caller that is no person", what);
    return fail(ErrorKind::denied, "only a signed-in person may see footage");
  }
  spdlog::info("gate: {} takes {}", who.account.login, what);
  return {};
}

/// Quoted: one line of log, whatever somebody typed.
std::string quoted(const std::string& text) {
  return json::serialize(json::value(text));
}

Result<void> admit(const Principal& who, const StreamKey& stream, const std::string& what) {
  return admit(who, what + " of " + stream);
}

index::RegisterEntry entry_about(const Principal& who, std::string_view action, const std::string& about) {
  auto entry = entry_of(who, action);
  entry.about = about;
  return entry;
}

std::string interval(WallTime from, WallTime to) {
  return fmt::format("{} to {}", format_rfc3339(from), format_rfc3339(to));
}

}  // namespace

Result<std::vector<index::IndexedSegment>> Gate::fragments(const Principal& who, const StreamKey& stream,
                                                           WallTime from, WallTime to) {
  MJ_CHECK(admit(who, stream, "the fragment index from " + interval(from, to)));
  auto segments = index_.fragments(stream, from, to);
  if (!segments) return segments;
  // Whole segments are sent: what they show beside the interval is seen too.
  for (const auto& segment : *segments) {
    from = std::min(from, segment.segment.start);
    to = std::max(to, segment.end);
  }
  MJ_CHECK(views_.open(who, stream, from, to));
  return segments;
}

Result<std::vector<index::ShotRow>> Gate::shots(const Principal& who, const StreamKey& stream, WallTime from,
                                                WallTime to, int limit) {
  MJ_CHECK(admit(who, stream, "the shots from " + interval(from, to)));
  auto shots = index_.shots(stream, from, to, limit);
  if (shots) MJ_CHECK(views_.open(who, stream, from, to));
  return shots;
}

Result<index::RunInit> Gate::run_init(const Principal& who, const StreamKey& stream, WallTime run_start) {
  MJ_CHECK(admit(who, stream, "the init segment of run " + format_rfc3339(run_start)));
  auto init = index_.run_init(stream, run_start);
  // It shows nothing by itself, and a run may have begun days before what is looked at.
  if (init && !views_.is_open(who, stream))
    MJ_CHECK(views_.open(who, stream, run_start, run_start + Duration(1)));
  return init;
}

Result<index::SearchAnswer> Gate::search(const Principal& who, const std::string& query,
                                         const std::string& timezone, int limit) {
  MJ_CHECK(admit(who, "what is found for " + quoted(query)));
  auto found = index::Search(index_).find(query, timezone, limit);
  if (found) MJ_CHECK(views_.open(entry_about(who, "search", query)));
  return found;
}

Result<index::CaseAnswer> Gate::case_answer(const Principal& who, const std::string& number) {
  MJ_CHECK(admit(who, "case " + quoted(number)));
  auto answer = index_.case_answer(number);
  if (answer) MJ_CHECK(views_.open(entry_about(who, "view", answer->number)));
  return answer;
}

Result<std::vector<index::CaseHit>> Gate::search_cases(const Principal& who, const std::string& query,
                                                       int limit, const index::CaseCursor& after) {
  MJ_CHECK(admit(who, "the cases found for " + quoted(query)));
  auto hits = index_.search_cases(query, limit, after);
  if (hits) MJ_CHECK(views_.open(entry_about(who, "search", query)));
  return hits;
}

Result<index::Register::Page> Gate::read_register(const Principal& who,
                                                  const index::Register::Filter& filter) {
  MJ_CHECK(admit(who, "the register"));
  auto entry = entry_of(who, "register");
  entry.stream = filter.stream;
  entry.from = filter.from;
  entry.to = filter.to;
  entry.about = filter.login;
  if (!filter.action.empty()) entry.about += (entry.about.empty() ? "" : " ") + filter.action;
  MJ_CHECK(views_.open(std::move(entry)));
  return index::Register(index_).list(filter);
}

Result<void> Gate::open_segment(const Principal& who, const StreamKey& stream, WallTime start) {
  // Asked each time: one that is still written shows more than when it was opened.
  MJ_TRY(const auto segments, index_.fragments(stream, start, start + Duration(1)));
  WallTime end = start + Duration(1);
  for (const auto& segment : segments) {
    if (segment.segment.start == start) end = std::max(end, segment.end);
  }
  return views_.open(who, stream, start, end);
}

Result<Gate::Piece> Gate::segment(const Principal& who, const StreamKey& stream, WallTime start,
                                  const std::string& range_header) {
  MJ_CHECK(admit(who, stream, "segment " + format_rfc3339(start)));
  MJ_TRY(const auto located, index_.locate(stream, start));
  MJ_CHECK(open_segment(who, stream, start));
  Piece piece;
  piece.durable_bytes = located.second;
  const auto range = parse_range(range_header, located.second, kRangeBytes);
  if (!range) return piece;
  spdlog::debug("gate: {} bytes from {} of segment {}", range->bytes, range->offset, format_rfc3339(start));
  piece.range = *range;
  piece.bytes.bytes = range->bytes;
  piece.bytes.read = [&reader = reader_, segment = located.first, base = range->offset](uint64_t offset,
                                                                                        uint32_t bytes) {
    return reader.read(segment, base + offset, bytes);
  };
  return piece;
}

}  // namespace mj::server
