#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <map>
#include <set>

#include "index/impl.h"
#include "index/purge_rows.h"
#include "index/rebuild.h"
#include "index/visits.h"

namespace mj::index {

namespace {

constexpr const char* kLastSegments =
    "SELECT key, (SELECT max(start_us) FROM segments WHERE stream = streams.id) FROM streams";
constexpr const char* kAllSegments =
    "SELECT key, start_us FROM streams JOIN segments ON segments.stream = streams.id"
    " ORDER BY segments.stream, start_us";
constexpr const char* kCondemned =
    "SELECT key, start_us FROM garbage JOIN streams ON streams.id = garbage.stream";
constexpr const char* kLastDigests =
    "SELECT streams.id, key, sha256, start_us FROM streams LEFT JOIN segments ON segments.stream = "
    "streams.id AND segments.start_us ="
    " (SELECT max(start_us) FROM segments WHERE stream = streams.id)";

constexpr const char* kCrashed = "the recorder or the machine stopped without saying so";

/// Of a stream, before recording begins: a crash leaves one or two, and the newest carries the chain on.
constexpr size_t kClosedAtOnce = 4;

/// Which files may lack a row. Usually those newer than the newest row: a crash leaves files still open, and
/// closed ones whose row was not committed. While a backlog is unfinished older ones lack theirs too.
class Rowless {
 public:
  static Result<Rowless> read(Database& database, bool any_age) {
    Rowless rowless;
    rowless.any_age_ = any_age;
    MJ_CHECK(database.each(any_age ? kAllSegments : kLastSegments, [&](const Statement& row) {
      if (const auto start = row.maybe_time(1)) rowless.starts_[row.text(0)].push_back(*start);
    }));
    MJ_CHECK(database.each(
        kCondemned, [&](const Statement& row) { rowless.condemned_.emplace(row.text(0), row.time(1)); }));
    return rowless;
  }

  [[nodiscard]] bool may_lack_a_row(const storage::SegmentRef& segment) const {
    if (condemned_.contains({segment.stream, segment.start})) return false;  // it is being deleted
    const auto stream = starts_.find(segment.stream);
    if (segment.open || stream == starts_.end()) return true;
    if (any_age_) return !std::ranges::binary_search(stream->second, segment.start);
    return segment.start > stream->second.back();
  }

 private:
  std::map<StreamKey, std::vector<WallTime>> starts_;  ///< sorted
  std::set<std::pair<StreamKey, WallTime>> condemned_;
  bool any_age_ = false;
};

/// Exists while files wait for their rows, so that the next start goes on where this one stopped.
std::filesystem::path backlog_flag(const std::filesystem::path& directory) {
  return directory / "backlog";
}

/// By stream, then by time.
std::vector<Backlog::File> candidates_in(const std::vector<config::Store>& stores, const Rowless& rowless,
                                         std::vector<std::string>& unlisted) {
  std::vector<Backlog::File> candidates;
  for (const auto& store : stores) {
    const auto segments = storage::list_segments(store, nullptr);
    if (!segments) {  // recording goes on in the other stores
      unlisted.push_back(fmt::format("store {}: {}", store.id, segments.error().message));
      spdlog::error("index: store {} is not looked through: {}", store.id, segments.error().message);
      continue;
    }
    for (const auto& segment : *segments) {
      if (rowless.may_lack_a_row(segment)) candidates.push_back({store, segment});
    }
  }
  std::ranges::sort(candidates, [](const Backlog::File& a, const Backlog::File& b) {
    return std::tie(a.segment.stream, a.segment.start) < std::tie(b.segment.stream, b.segment.start);
  });
  return candidates;
}

}  // namespace

Result<void> raise_flag(const std::filesystem::path& flag) {
  const UniqueFd file(::open(flag.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!file.valid()) return fail_errno(errno, flag.native());
  return sync_directory(flag.parent_path());
}

Result<storage::FoundSegment> read_finished(const config::Store& store, const storage::SegmentRef& segment) {
  if (!segment.open) return storage::inspect(store.path, segment, true);
  MJ_TRY(auto found, storage::recover(store, segment));
  if (found.sha256 != Digest{}) return found;
  storage::SegmentRef finished = segment;
  finished.open = false;
  return storage::inspect(store.path, finished, true);
}

/// Makes rows of files, the newest of a stream first. Owner and thread: one recover() or adopt_backlog().
/// Does not: delete or change a closed file. Fails only as the index does; a file that cannot be read is
/// counted and told.
class Index::Adopter {
 public:
  Adopter(Impl& impl, Backlog& backlog) : impl_(impl), backlog_(backlog) {}

  Result<void> adopt(const Backlog::File& file) {
    auto found = read(file);
    if (!found && found.error().kind == ErrorKind::not_found) return {};  // not one whole fragment in it
    if (!found) {
      ++backlog_.unreadable;
      const auto& segment = file.segment;
      spdlog::error("index: {} at {} of store {} cannot be recovered: {}", segment.stream,
                    to_us(segment.start), segment.store, found.error().message);
      return {};
    }
    const StreamKey stream = found->segment.stream;
    const auto successor = backlog_.successors.find(stream);
    std::optional<WallTime> next_start;
    if (successor != backlog_.successors.end()) next_start = successor->second.start;
    backlog_.successors[stream] = {found->segment.start, found->previous};
    batch_.emplace_back(std::move(*found), next_start);
    return batch_.size() < kBatch ? Result<void>{} : flush();
  }

  Result<void> flush() {
    if (batch_.empty()) return {};
    MJ_CHECK(impl_.writer->call([this](Database& database) -> Result<void> {
      VisitUpdate visits(impl_.clock.now());
      for (const auto& [found, next_start] : batch_) MJ_CHECK(put_found(database, found, next_start, visits));
      return visits.work_off(database);
    }));
    backlog_.adopted += batch_.size();
    batch_.clear();
    return {};
  }

 private:
  static constexpr size_t kBatch = 32;

  /// The next segment's label holds this one's hash: where one follows the other without a pause there was
  /// no third between them, and the bytes need not be read.
  Result<storage::FoundSegment> read(const Backlog::File& file) const {
    const auto successor = backlog_.successors.find(file.segment.stream);
    if (file.segment.open || successor == backlog_.successors.end() ||
        successor->second.previous == Digest{}) {
      return read_finished(file.store, file.segment);
    }
    MJ_TRY(auto found, storage::inspect(file.store.path, file.segment, false));
    const Duration pause = successor->second.start - found.end;
    if (pause < -kCameraTolerance || pause > kCameraTolerance) return read_finished(file.store, file.segment);
    found.sha256 = successor->second.previous;
    return found;
  }

  Impl& impl_;
  Backlog& backlog_;
  std::vector<std::pair<storage::FoundSegment, std::optional<WallTime>>> batch_;
};

Result<void> Index::recover(const std::vector<config::Store>& stores) {
  const auto flag = backlog_flag(impl_->directory);
  std::error_code ignored;
  Backlog& backlog = impl_->backlog;
  backlog = {};
  std::vector<Backlog::File> files;
  {
    MJ_TRY(const auto lease, impl_->readers->lease());
    MJ_TRY(const auto rowless, Rowless::read(*lease, std::filesystem::exists(flag, ignored)));
    files = candidates_in(stores, rowless, backlog.unlisted);
  }
  MJ_CHECK(impl_->explain_all(files));
  // Before the newest has its row: from then on only the flag tells that older ones have none.
  if (files.size() > kClosedAtOnce) MJ_CHECK(raise_flag(flag));
  // From the newest on: those few now, the rest when recording goes on.
  Adopter adopter(*impl_, backlog);
  std::map<StreamKey, size_t> closed;
  for (auto file = files.rbegin(); file != files.rend(); ++file) {
    if (!file->segment.open && ++closed[file->segment.stream] > kClosedAtOnce) {
      backlog.files.push_back(std::move(*file));
      continue;
    }
    const std::string what =
        fmt::format("{} from {} on", file->segment.stream, format_rfc3339(file->segment.start));
    MJ_CHECK(adopter.adopt(*file));
    spdlog::info("index: recovered {}", what);
  }
  MJ_CHECK(adopter.flush());
  std::ranges::sort(backlog.files, {}, [](const Backlog::File& file) { return file.segment.start; });
  if (backlog.files.empty()) {
    std::filesystem::remove(flag, ignored);
  } else {
    spdlog::warn("index: {} files have no row; they are taken up while recording goes on",
                 backlog.files.size());
  }
  return impl_->resume_streams();
}

Result<void> Index::Impl::explain_all(const std::vector<Backlog::File>& files) {
  std::map<StreamKey, std::vector<WallTime>> starts;
  for (const auto& file : files) starts[file.segment.stream].push_back(file.segment.start);
  if (starts.empty()) return {};
  return writer->call([&](Database& database) -> Result<void> {
    for (const auto& [stream, times] : starts) MJ_CHECK(explain_holes(database, stream, times));
    return {};
  });
}

Result<void> Index::Impl::resume_streams() {
  std::vector<StreamEnd> ends;
  {
    MJ_TRY(const auto lease, readers->lease());
    MJ_TRY(const auto streams, all_streams(*lease));
    for (const auto& stream : streams) {
      MJ_TRY(auto end, stream_end(*lease, stream));
      ends.push_back(std::move(end));
    }
  }
  for (const StreamEnd& end : ends) {
    tail.resume(end);
    if (end.stream.removed || end.open_gap || !end.footage_end) continue;
    const auto changes = tail.outage({end.stream.key, *end.footage_end, GapCause::lost_in_crash, kCrashed});
    MJ_CHECK(commit(end.stream.key, changes, [](Database&) -> Result<void> { return {}; }));
  }
  return {};
}

Result<Adopted> Index::adopt_backlog(const std::function<bool(uint64_t, uint64_t)>& go_on) {
  Backlog& backlog = impl_->backlog;
  const uint64_t total = backlog.files.size();
  Adopter adopter(*impl_, backlog);
  while (!backlog.files.empty() && go_on(total - backlog.files.size(), total)) {
    const Backlog::File file = std::move(backlog.files.back());
    backlog.files.pop_back();
    MJ_CHECK(adopter.adopt(file));
  }
  MJ_CHECK(adopter.flush());
  static_cast<void>(go_on(total - backlog.files.size(), total));
  if (backlog.files.empty()) {
    std::error_code ignored;
    std::filesystem::remove(backlog_flag(impl_->directory), ignored);
  }
  if (total > 0) {
    spdlog::info("index: {} of {} files without a row were taken up, {} could not be read",
                 total - backlog.files.size(), total, backlog.unreadable);
  }
  return Adopted{backlog.adopted, backlog.unreadable, backlog.unlisted};
}

Result<std::vector<std::pair<StreamKey, Digest>>> Index::last_digests() const {
  struct Newest {
    int64_t stream;
    StreamKey key;
    std::optional<WallTime> start;
    Digest digest;
  };
  MJ_TRY(const auto lease, impl_->readers->lease());
  std::vector<Newest> streams;
  MJ_CHECK((*lease).each(kLastDigests, [&](const Statement& row) {
    streams.push_back({row.integer(0), row.text(1), row.maybe_time(3), digest_of(row.blob(2))});
  }));
  std::vector<std::pair<StreamKey, Digest>> digests;
  for (Newest& newest : streams) {
    // The newest may be deleted already, when nothing came after it for long: the chain goes on all the same.
    MJ_TRY(const auto purged, newest_purged(*lease, newest.stream));
    if (purged && (!newest.start || *newest.start < purged->first)) {
      digests.emplace_back(newest.key, purged->second);
    } else if (newest.start) {
      digests.emplace_back(newest.key, newest.digest);
    }
  }
  return digests;
}

}  // namespace mj::index
