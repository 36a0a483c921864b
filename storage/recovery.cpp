#include <algorithm>

#include "storage/inspect.h"
#include "storage/layout.h"
#include "storage/marker.h"

namespace mj::storage {

namespace {

/// Nothing in the file was ever acknowledged: an acknowledgement needs a whole fragment behind a whole head.
Result<FoundSegment> discard(Tree& tree, const SegmentRef& segment) {
  MJ_CHECK(tree.remove(segment_path(segment)));
  MJ_CHECK(tree.sync_directory(day_directory(segment)));
  return fail(ErrorKind::not_found, "{}: held no whole fragment and was removed", segment_path(segment));
}

bool is_day(std::string_view name) {
  return name.size() == 8 &&
         std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Walks a store's two levels of directories.
class Lister {
 public:
  Lister(const Tree& tree, const std::string& store, std::vector<std::string>* strangers)
      : tree_(tree), store_(store), strangers_(strangers) {}

  Result<std::vector<SegmentRef>> run() {
    MJ_TRY(const std::vector<Entry> entries, tree_.list("."));
    for (const Entry& entry : entries) {
      if (is_housekeeping(entry)) continue;
      if (entry.kind == Entry::Kind::directory && is_stream_key(entry.name)) {
        MJ_CHECK(list_stream(entry.name));
      } else {
        stranger(entry.name);
      }
    }
    std::sort(found_.begin(), found_.end(), [](const SegmentRef& a, const SegmentRef& b) {
      return std::tie(a.stream, a.start, a.open) < std::tie(b.stream, b.start, b.open);
    });
    return std::move(found_);
  }

 private:
  Result<void> list_stream(const std::string& stream) {
    MJ_TRY(const std::vector<Entry> days, tree_.list(stream));
    for (const Entry& day : days) {
      if (day.kind == Entry::Kind::directory && is_day(day.name)) {
        MJ_CHECK(list_day(stream, day.name));
      } else {
        stranger(fmt::format("{}/{}", stream, day.name));
      }
    }
    return {};
  }

  Result<void> list_day(const std::string& stream, const std::string& day) {
    MJ_TRY(const std::vector<Entry> files, tree_.list(fmt::format("{}/{}", stream, day)));
    for (const Entry& file : files) {
      auto segment = parse_segment_path(store_, stream, day, file.name);
      if (file.kind == Entry::Kind::file && segment) {
        found_.push_back(std::move(*segment));
      } else {
        stranger(fmt::format("{}/{}/{}", stream, day, file.name));
      }
    }
    return {};
  }

  void stranger(std::string path) {
    if (strangers_ != nullptr) strangers_->push_back(std::move(path));
  }

  const Tree& tree_;
  const std::string& store_;
  std::vector<std::string>* strangers_;
  std::vector<SegmentRef> found_;
};

}  // namespace

Result<FoundSegment> recover_in(Tree& tree, const SegmentRef& segment) {
  const std::string part = segment_path(segment, true);
  SegmentRef ref = segment;
  ref.open = true;
  MJ_TRY(const std::unique_ptr<File> file, tree.open(part, true));
  auto found = inspect_file(*file, ref, false);
  if (!found && found.error().kind == ErrorKind::corrupt) {
    MJ_TRY(const FileFacts facts, file->facts());
    // A head that was never synced is short. More bytes than a head can have under an unreadable head are
    // somebody's footage on a damaged disk, and not ours to throw away.
    if (facts.bytes > kMaxHeadBytes) return found;
    return discard(tree, ref);
  }
  if (!found) return found;
  if (found->fragments.empty()) return discard(tree, ref);
  if (found->bytes < found->file_bytes) MJ_CHECK(file->truncate(found->bytes));
  MJ_CHECK(file->sync());
  ref.open = false;
  MJ_CHECK(tree.rename(part, segment_path(ref)));
  MJ_CHECK(tree.sync_directory(day_directory(ref)));
  return inspect_file(*file, ref, true);
}

Result<FoundSegment> recover(const config::Store& store, const SegmentRef& segment) {
  MJ_TRY(const std::shared_ptr<Tree> tree, posix_file_system().open_tree(store.path));
  return recover_in(*tree, segment);
}

Result<std::vector<SegmentRef>> list_in(const Tree& tree, const std::string& store,
                                        std::vector<std::string>* strangers) {
  return Lister(tree, store, strangers).run();
}

Result<std::vector<SegmentRef>> list_segments(const config::Store& store,
                                              std::vector<std::string>* strangers) {
  auto tree = posix_file_system().open_tree(store.path);
  if (!tree) return fail(ErrorKind::unavailable, "store {}: {}", store.id, tree.error().message);
  MJ_TRY(const bool used, is_used(**tree));
  if (!used) return std::vector<SegmentRef>{};
  MJ_CHECK(read_marker(**tree, store));
  return list_in(**tree, store.id, strangers);
}

}  // namespace mj::storage
