#include "server/gate.h"

#include "server/limits.h"

namespace mj::server {
namespace {

/// Admission and its trace. Every public function of the gate begins here.
Result<void> admit(const Principal& who, const std::string& what) {
  if (who.kind != Principal::Kind::person) {
    spdlog::warn("gate: refused {} to a caller that is no person", what);
    return fail(ErrorKind::denied, "only a signed-in person may see footage");
  }
  spdlog::info("gate: {} takes {}", who.account.login, what);
  return {};
}

Result<void> admit(const Principal& who, const StreamKey& stream, const std::string& what) {
  return admit(who, what + " of " + stream);
}

std::string interval(WallTime from, WallTime to) {
  return fmt::format("{} to {}", format_rfc3339(from), format_rfc3339(to));
}

}  // namespace

Result<std::vector<index::IndexedSegment>> Gate::fragments(const Principal& who, const StreamKey& stream,
                                                           WallTime from, WallTime to) const {
  MJ_CHECK(admit(who, stream, "the fragment index from " + interval(from, to)));
  return index_.fragments(stream, from, to);
}

Result<std::vector<index::ShotRow>> Gate::shots(const Principal& who, const StreamKey& stream, WallTime from,
                                                WallTime to, int limit) const {
  MJ_CHECK(admit(who, stream, "the shots from " + interval(from, to)));
  return index_.shots(stream, from, to, limit);
}

Result<index::RunInit> Gate::run_init(const Principal& who, const StreamKey& stream,
                                      WallTime run_start) const {
  MJ_CHECK(admit(who, stream, "the init segment of run " + format_rfc3339(run_start)));
  return index_.run_init(stream, run_start);
}

Result<index::SearchAnswer> Gate::search(const Principal& who, const std::string& query,
                                         const std::string& timezone, int limit) const {
  MJ_CHECK(
      admit(who, "what is found for " + json::serialize(json::value(query))));  // quoted: one line of log
  return index::Search(index_).find(query, timezone, limit);
}

Result<Gate::Piece> Gate::segment(const Principal& who, const StreamKey& stream, WallTime start,
                                  const std::string& range_header) const {
  MJ_CHECK(admit(who, stream, "segment " + format_rfc3339(start)));
  MJ_TRY(const auto located, index_.locate(stream, start));
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
