#include <algorithm>
#include <set>

#include "index/impl.h"
#include "index/purge_rows.h"

namespace mj::index {

namespace {

constexpr const char* kRowsOfStream =
    "SELECT start_us, stores.name, bytes, sha256, suspect FROM segments JOIN stores ON stores.id = store"
    " WHERE stream = ?1 ORDER BY start_us";
constexpr const char* kCountRows = "SELECT count(*) FROM segments";
constexpr uint64_t kProgressEvery = 256;

/// What a row says of its file.
struct Row {
  WallTime start;
  std::string store;
  uint64_t bytes = 0;
  Digest sha256{};
  bool suspect = false;
};

struct File {
  const config::Store* store = nullptr;
  storage::SegmentRef segment;
};

bool in_order(const File& a, const File& b) {
  return std::tie(a.segment.stream, a.segment.start, a.segment.store, a.segment.open) <
         std::tie(b.segment.stream, b.segment.start, b.segment.store, b.segment.open);
}

}  // namespace

/// One pass over rows and files side by side, stream by stream. Owner and thread: one Index::check.
/// Never deletes footage; what it heals is healed as a crash would have been.
class Index::Checker {
 public:
  Checker(Impl& impl, const std::vector<config::Store>& stores, bool hashes, bool repair,
          const std::function<void(uint64_t, uint64_t)>& progress)
      : impl_(impl), stores_(stores), hashes_(hashes), repair_(repair), progress_(progress) {}

  Result<CheckReport> run() {
    list_files();
    MJ_TRY(const auto streams, read_streams());
    total_ = std::max<uint64_t>(total_, files_.size());
    for (const auto& stream : streams) MJ_CHECK(check_stream(stream));
    // Whatever is left belongs to streams that the index has never heard of.
    for (; next_file_ < files_.size(); ++next_file_) check_orphan(files_[next_file_]);
    MJ_CHECK(check_hold_log());
    MJ_CHECK(check_register_log());
    if (progress_) progress_(total_, total_);
    return std::move(report_);
  }

 private:
  void list_files() {
    for (const auto& store : stores_) {
      std::vector<std::string> strangers;
      const auto segments = storage::list_segments(store, &strangers);
      if (!segments) {
        add("store_unavailable", {.store = store.id, .stream = {}, .start = {}}, segments.error().message);
        continue;
      }
      readable_.insert(store.id);
      for (const auto& segment : *segments) files_.push_back({&store, segment});
      for (const auto& path : strangers) {
        add("stranger", {.store = store.id, .stream = {}, .start = {}}, path + " is not a segment of ours");
      }
    }
    std::ranges::sort(files_, in_order);
    report_.files = files_.size();
  }

  Result<void> check_hold_log() {
    MJ_TRY(const auto sentences, HoldLog::troubles(impl_.directory));
    for (const auto& sentence : sentences) add("hold_log", {}, sentence);
    return {};
  }

  Result<void> check_register_log() {
    MJ_TRY(const auto lease, impl_.readers->lease());
    MJ_TRY(const auto sentences, RegisterLog::troubles(*lease, impl_.directory));
    for (const auto& sentence : sentences) add("register_log", {}, sentence);
    return {};
  }

  Result<std::vector<StreamRow>> read_streams() {
    MJ_TRY(const auto lease, impl_.readers->lease());
    MJ_TRY(const auto rows, (*lease).first(kCountRows, [](const Statement& row) { return row.integer(0); }));
    total_ = static_cast<uint64_t>(rows.value_or(0));
    MJ_TRY(const auto garbage, all_garbage(*lease));
    for (const auto& one : garbage) condemned_.emplace(one.segment.stream, one.segment.start);
    return all_streams(*lease);
  }

  Result<void> check_stream(const StreamRow& stream) {
    while (next_file_ < files_.size() && files_[next_file_].segment.stream < stream.key) {
      check_orphan(files_[next_file_++]);
    }
    previous_.reset();
    std::vector<Row> rows;
    {
      MJ_TRY(const auto lease, impl_.readers->lease());
      MJ_CHECK((*lease).each(
          kRowsOfStream, [&](const Statement& row) { rows.push_back(row_of(row)); }, stream.id));
      MJ_TRY(purged_, purged_links(*lease, stream.id));
    }
    for (const Row& row : rows) MJ_CHECK(check_row(stream, row));
    while (file_is_before(stream.key, WallTime::max(), {})) check_orphan(files_[next_file_++]);
    return {};
  }

  static Row row_of(const Statement& row) {
    return {row.time(0), row.text(1), static_cast<uint64_t>(row.integer(2)), digest_of(row.blob(3)),
            row.integer(4) != 0};
  }

  [[nodiscard]] bool file_is_before(const StreamKey& stream, WallTime start, const std::string& store) const {
    if (next_file_ >= files_.size()) return false;
    const auto& file = files_[next_file_].segment;
    return file.stream == stream && std::tie(file.start, file.store) < std::tie(start, store);
  }

  Result<void> check_row(const StreamRow& stream, const Row& row) {
    ++report_.rows;
    while (file_is_before(stream.key, row.start, row.store)) check_orphan(files_[next_file_++]);
    advance();
    const storage::SegmentRef segment{
        .store = row.store, .stream = stream.key, .start = row.start, .open = false};
    if (!readable_.contains(row.store)) {
      tell_unreadable(row.store);
    } else if (next_file_ < files_.size() && files_[next_file_].segment == segment) {
      compare(files_[next_file_++], row);
      // The same segment once more, unfinished: to finish it would overwrite the finished one.
      if (is_next_unfinished(segment)) {
        add("open_file", files_[next_file_++].segment,
            "an unfinished file beside a finished one; left as it is");
      }
    } else if (is_next_unfinished(segment)) {
      check_unfinished(files_[next_file_++], row);
    } else {
      MJ_CHECK(missing(stream, segment));
    }
    previous_ = row;
    return {};
  }

  [[nodiscard]] bool is_next_unfinished(storage::SegmentRef segment) const {
    segment.open = true;
    return next_file_ < files_.size() && files_[next_file_].segment == segment;
  }

  /// The disk refused to rename the file of a segment that was closed: it is there all the same.
  void check_unfinished(const File& file, const Row& row) {
    if (!repair_) {
      return add("open_file", file.segment, "closed, but its file could not be given its final name");
    }
    const auto found = read_finished(*file.store, file.segment);
    if (!found) return add("open_file", file.segment, found.error().message);
    add("open_file", file.segment, "closed; its file has its final name now", true);
    compare({file.store, found->segment}, row);
  }

  void compare(const File& file, const Row& row) {
    const auto found = storage::inspect(file.store->path, file.segment, hashes_);
    if (!found) return add("hash_differs", file.segment, "cannot be read: " + found.error().message);
    report_.bytes += found->file_bytes;
    if (found->file_bytes != row.bytes) {
      return add("size_differs", file.segment,
                 fmt::format("{} bytes, {} were written", found->file_bytes, row.bytes));
    }
    if (hashes_ && found->sha256 != row.sha256) {
      add("hash_differs", file.segment,
          row.suspect ? "the disk reported a failure when this segment was written"
                      : "the bytes are not those that were written");
    }
    if (previous_ && found->previous != digest_before(row)) {
      add("chain_broken", file.segment, "it does not name the hash of the segment before it");
    }
  }

  /// The hash of what came before `row`, which may have been deleted since.
  [[nodiscard]] Digest digest_before(const Row& row) const {
    const auto next = purged_.lower_bound(row.start);
    if (next == purged_.begin() || std::prev(next)->first <= previous_->start) return previous_->sha256;
    return std::prev(next)->second;
  }

  Result<void> missing(const StreamRow& stream, const storage::SegmentRef& segment) {
    if (!repair_) {
      add("missing_file", segment, "the index names a file that is not there");
      return {};
    }
    MJ_CHECK(impl_.writer->call([&](Database& database) -> Result<void> {
      MJ_TRY(const auto row, segment_at(database, stream, segment.start));
      MJ_CHECK(remove_segment(database, stream.key, segment.start));
      const auto spans = row ? spans_of(row->fragments) : std::vector<Span>{};
      for (const Span& span : spans) {
        const Gap gap{span.begin, span.end, GapCause::disk_error, "the file of this footage is missing"};
        MJ_CHECK(change_gap(database, stream.key, {.remove = {}, .put = gap, .carve = {}}));
      }
      return {};
    }));
    add("missing_file", segment, "the file is not there; its time is a gap (disk_error) from now on", true);
    return {};
  }

  void check_orphan(const File& file) {
    advance();
    if (impl_.tail.segment(file.segment.stream, file.segment.start)) return;     // being written right now
    if (condemned_.contains({file.segment.stream, file.segment.start})) return;  // being deleted
    const char* kind = file.segment.open ? "open_file" : "orphan_file";
    if (!repair_) {
      return add(
          kind, file.segment,
          file.segment.open ? "unfinished, and nobody writes it" : "the index does not know this file");
    }
    const auto found = read_finished(*file.store, file.segment);
    if (!found && file.segment.open && found.error().kind == ErrorKind::not_found) {
      return add(kind, file.segment, "held not one whole fragment and is gone", true);
    }
    if (!found) return add(kind, file.segment, found.error().message);
    report_.bytes += found->file_bytes;
    const auto adopted = impl_.adopt(*found);
    if (!adopted) return add(kind, file.segment, adopted.error().message);
    add(kind, file.segment, "its row was made anew from the file", true);
  }

  void tell_unreadable(const std::string& store) {
    if (!told_.insert(store).second) return;
    const bool listed = std::ranges::find(stores_, store, &config::Store::id) != stores_.end();
    if (listed) return;  // list_files() has told
    add("store_unavailable", {.store = store, .stream = {}, .start = {}},
        "the index has segments in this store, but the settings do not name it");
  }

  void add(const char* kind, storage::SegmentRef segment, std::string detail, bool healed = false) {
    report_.findings.push_back({kind, std::move(segment), std::move(detail), healed});
  }

  void advance() {
    if (++done_ % kProgressEvery == 0 && progress_) progress_(std::min(done_, total_), total_);
  }

  Impl& impl_;
  const std::vector<config::Store>& stores_;
  const bool hashes_, repair_;
  const std::function<void(uint64_t, uint64_t)>& progress_;
  std::vector<File> files_;
  size_t next_file_ = 0;
  std::set<std::string> readable_, told_;
  std::set<std::pair<StreamKey, WallTime>> condemned_;
  std::map<WallTime, Digest> purged_;  ///< of the stream that is checked
  std::optional<Row> previous_;
  uint64_t done_ = 0, total_ = 0;
  CheckReport report_;
};

Result<CheckReport> Index::check(const std::vector<config::Store>& stores, bool hashes, bool repair,
                                 const std::function<void(uint64_t, uint64_t)>& progress) {
  MJ_CHECK(
      impl_->writer->call([](Database&) -> Result<void> { return {}; }));  // rows on their way come first
  return Checker(*impl_, stores, hashes, repair, progress).run();
}

}  // namespace mj::index
