#include <algorithm>
#include <map>

#include "index/impl.h"

namespace mj::index {

namespace {

constexpr const char* kLastSegments =
    "SELECT key, (SELECT max(start_us) FROM segments WHERE stream = streams.id) FROM streams";
constexpr const char* kLastDigests =
    "SELECT key, sha256 FROM streams JOIN segments ON segments.stream = streams.id AND segments.start_us ="
    " (SELECT max(start_us) FROM segments WHERE stream = streams.id)";

constexpr const char* kCrashed = "the recorder or the machine stopped without saying so";

using LastStarts = std::map<StreamKey, WallTime>;

Result<LastStarts> last_starts(Database& database) {
  LastStarts starts;
  MJ_CHECK(database.each(kLastSegments, [&](const Statement& row) {
    if (const auto start = row.maybe_time(1)) starts.emplace(row.text(0), *start);
  }));
  return starts;
}

/// A crash leaves files still open, and closed ones whose row was not committed: all newer than the newest
/// row.
bool may_lack_a_row(const storage::SegmentRef& segment, const LastStarts& starts) {
  if (segment.open) return true;
  const auto last = starts.find(segment.stream);
  return last == starts.end() || segment.start > last->second;
}

struct Candidate {
  const config::Store* store = nullptr;
  storage::SegmentRef segment;
};

std::vector<Candidate> candidates_in(const std::vector<config::Store>& stores, const LastStarts& starts) {
  std::vector<Candidate> candidates;
  for (const auto& store : stores) {
    const auto segments = storage::list_segments(store, nullptr);
    if (!segments) {  // recording goes on in the other stores
      spdlog::error("index: store {} is not looked through: {}", store.id, segments.error().message);
      continue;
    }
    for (const auto& segment : *segments) {
      if (may_lack_a_row(segment, starts)) candidates.push_back({&store, segment});
    }
  }
  std::ranges::sort(candidates, [](const Candidate& a, const Candidate& b) {
    return std::tie(a.segment.stream, a.segment.start) < std::tie(b.segment.stream, b.segment.start);
  });
  return candidates;
}

}  // namespace

Result<storage::FoundSegment> read_finished(const config::Store& store, const storage::SegmentRef& segment) {
  if (!segment.open) return storage::inspect(store.path, segment, true);
  MJ_TRY(auto found, storage::recover(store, segment));
  if (found.sha256 != Digest{}) return found;
  storage::SegmentRef finished = segment;
  finished.open = false;
  return storage::inspect(store.path, finished, true);
}

Result<void> Index::recover(const std::vector<config::Store>& stores) {
  LastStarts starts;
  std::vector<StreamRow> streams;
  {
    MJ_TRY(const auto lease, impl_->readers->lease());
    MJ_TRY(starts, last_starts(*lease));
    MJ_TRY(streams, all_streams(*lease));
  }
  for (const auto& candidate : candidates_in(stores, starts)) {
    const auto& segment = candidate.segment;
    auto found = read_finished(*candidate.store, segment);
    if (!found && found.error().kind == ErrorKind::not_found) continue;  // not one whole fragment in it
    if (!found) {
      spdlog::error("index: {} at {} of store {} cannot be recovered: {}", segment.stream,
                    to_us(segment.start), segment.store, found.error().message);
      continue;
    }
    spdlog::info("index: recovered {} from {} on, {} bytes", segment.stream, format_rfc3339(segment.start),
                 found->bytes);
    MJ_CHECK(impl_->adopt(*found, false));
  }
  for (const auto& stream : streams) {
    if (stream.removed) continue;
    const TailView end = impl_->tail.view(stream.key, WallTime{}, WallTime{});
    if (end.open_gap || !end.footage_end) continue;
    const auto changes =
        impl_->tail.outage({stream.key, *end.footage_end, GapCause::lost_in_crash, kCrashed});
    MJ_CHECK(impl_->commit(stream.key, changes, [](Database&) -> Result<void> { return {}; }));
  }
  return {};
}

Result<std::vector<std::pair<StreamKey, Digest>>> Index::last_digests() const {
  MJ_TRY(const auto lease, impl_->readers->lease());
  std::vector<std::pair<StreamKey, Digest>> digests;
  MJ_CHECK((*lease).each(kLastDigests, [&](const Statement& row) {
    Digest digest{};
    const BytesView bytes = row.blob(1);
    std::copy_n(bytes.begin(), std::min(bytes.size(), digest.size()), digest.begin());
    digests.emplace_back(row.text(0), digest);
  }));
  return digests;
}

}  // namespace mj::index
