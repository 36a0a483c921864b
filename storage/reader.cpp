#include <list>
#include <mutex>
#include <unordered_map>

#include "storage/file_system.h"
#include "storage/layout.h"
#include "storage/storage.h"

namespace mj::storage {

namespace {
constexpr std::size_t kMaxDescriptors = 128;
}

/// Keeps the files that were read last open. A name is looked up again when the file behind it was deleted,
/// so that a purged segment is not served from a descriptor; a descriptor of one that was only renamed stays
/// good.
struct Reader::Impl {
  struct Open {
    std::string name;  ///< store and path of the final name
    std::shared_ptr<const File> file;
  };

  explicit Impl(std::vector<config::Store> all) : stores(std::move(all)) {}

  Result<std::shared_ptr<const File>> open(const SegmentRef& segment) {
    const auto store =
        std::find_if(stores.begin(), stores.end(), [&](const auto& s) { return s.id == segment.store; });
    if (store == stores.end()) return fail(ErrorKind::not_found, "no store '{}'", segment.store);
    if (!is_stream_key(segment.stream)) return fail(ErrorKind::not_found, "no stream '{}'", segment.stream);
    std::string name = fmt::format("{}/{}", segment.store, segment_path(segment, false));
    if (auto cached = find(name)) return cached;
    // Opened anew each time: a tree that was kept would hide that another disk is mounted now, and keep the
    // old one busy.
    MJ_TRY(const std::shared_ptr<Tree> tree, posix_file_system().open_tree(store->path));
    MJ_TRY(std::shared_ptr<const File> file, open_by_either_name(*tree, segment));
    keep({std::move(name), file});
    return file;
  }

  /// By the name the caller knows, then by the other: a segment is renamed when it is closed, and keeps its
  /// first name when that rename failed. The first name is tried again, because the rename may happen between
  /// the two looks.
  static Result<std::unique_ptr<File>> open_by_either_name(const Tree& tree, const SegmentRef& segment) {
    auto file = tree.open(segment_path(segment, segment.open), false);
    if (file || file.error().kind != ErrorKind::not_found) return file;
    file = tree.open(segment_path(segment, !segment.open), false);
    if (file || file.error().kind != ErrorKind::not_found) return file;
    return tree.open(segment_path(segment, segment.open), false);
  }

  std::shared_ptr<const File> find(const std::string& name) {
    const std::lock_guard lock(mutex);
    const auto found = by_name.find(name);
    if (found == by_name.end()) return nullptr;
    const auto facts = found->second->file->facts();
    if (!facts || !facts->linked) {
      newest_first.erase(found->second);
      by_name.erase(found);
      return nullptr;
    }
    newest_first.splice(newest_first.begin(), newest_first, found->second);
    return newest_first.front().file;
  }

  void keep(Open open) {
    const std::lock_guard lock(mutex);
    if (by_name.contains(open.name)) return;  // another thread was faster
    newest_first.push_front(std::move(open));
    by_name[newest_first.front().name] = newest_first.begin();
    if (newest_first.size() <= kMaxDescriptors) return;
    by_name.erase(newest_first.back().name);
    newest_first.pop_back();
  }

  const std::vector<config::Store> stores;
  std::mutex mutex;
  std::list<Open> newest_first;                                        ///< guarded by mutex
  std::unordered_map<std::string, std::list<Open>::iterator> by_name;  ///< guarded by mutex
};

Reader::Reader(std::vector<config::Store> stores) : impl_(std::make_unique<Impl>(std::move(stores))) {}

Reader::~Reader() = default;

Result<Bytes> Reader::read(const SegmentRef& segment, uint64_t offset, uint32_t bytes) const {
  MJ_TRY(const std::shared_ptr<const File> file, impl_->open(segment));
  MJ_TRY(const FileFacts facts, file->facts());
  if (offset >= facts.bytes) return Bytes{};
  Bytes out(std::min<uint64_t>(bytes, facts.bytes - offset));
  MJ_TRY(const std::size_t got, file->read(offset, out));
  out.resize(got);
  return out;
}

}  // namespace mj::storage
