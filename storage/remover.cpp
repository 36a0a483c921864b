#include "storage/remover.h"

#include <algorithm>
#include <set>

#include "storage/file_system.h"
#include "storage/layout.h"
#include "storage/marker.h"

namespace mj::storage {

namespace {

/// From here on one syncfs is cheaper than an fsync for each directory.
constexpr std::size_t kSyncOneByOne = 4;

/// The path is spelled and read back: what comes from a row is trusted no more than what comes from a disk.
Result<void> expect_closed_segment(const std::string& store, const SegmentRef& segment) {
  const std::string day = day_directory(segment);
  const std::string path = segment_path(segment);
  const auto slash = day.rfind('/');
  const auto parsed = parse_segment_path(store, std::string_view(day).substr(0, slash),
                                         std::string_view(day).substr(slash + 1),
                                         std::string_view(path).substr(day.size() + 1));
  if (parsed && *parsed == segment && !segment.open) return {};
  return fail(ErrorKind::invalid, "{} is no closed segment of store {}; it is not deleted", path, store);
}

Result<void> unlink_if_there(Tree& tree, const std::string& path) {
  auto removed = tree.remove(path);
  if (!removed && removed.error().kind == ErrorKind::not_found) return {};
  return removed;
}

/// Its final name; or its first one, which it keeps when the rename at its closing failed.
Result<void> unlink_segment(Tree& tree, const SegmentRef& segment) {
  MJ_CHECK(unlink_if_there(tree, segment_path(segment, false)));
  return unlink_if_there(tree, segment_path(segment, true));
}

/// A directory that is gone was removed after it had been synced.
Result<void> sync_names(Tree& tree, const std::set<std::string>& directories) {
  if (directories.size() > kSyncOneByOne) return tree.sync_all();
  for (const std::string& directory : directories) {
    auto synced = tree.sync_directory(directory);
    if (!synced && synced.error().kind != ErrorKind::not_found) return synced;
  }
  return {};
}

/// Whether a folder goes decides about no footage, so a failure is nobody's: it usually is not empty.
void remove_emptied(Tree& tree, const std::set<std::string>& directories) {
  for (const std::string& directory : directories) {
    if (!tree.remove_directory(directory)) continue;
    const auto synced = tree.sync_directory(directory.substr(0, directory.rfind('/')));
    if (!synced) spdlog::warn("store: {}", synced.error().message);
  }
}

}  // namespace

Remover::Remover(std::vector<config::Store> stores) : Remover(std::move(stores), posix_file_system()) {}

Remover::Remover(std::vector<config::Store> stores, FileSystem& files)
    : stores_(std::move(stores)), files_(&files) {}

std::vector<std::string> Remover::present() const {
  std::vector<std::string> names;
  for (const auto& store : stores_) {
    if (open(store.id)) names.push_back(store.id);
  }
  return names;
}

Result<std::shared_ptr<Tree>> Remover::open(const std::string& name) const {
  const auto store = std::ranges::find(stores_, name, &config::Store::id);
  if (store == stores_.end()) return fail(ErrorKind::unavailable, "the settings name no store {}", name);
  auto tree = files_->open_tree(store->path);
  if (!tree) return fail(ErrorKind::unavailable, "store {}: {}", name, tree.error().message);
  MJ_CHECK(read_marker(**tree, *store));
  return tree;
}

std::vector<Result<void>> Remover::remove(const std::string& name,
                                          const std::vector<SegmentRef>& segments) const {
  const auto tree = open(name);
  if (!tree) return {segments.size(), tl::unexpected(tree.error())};
  std::vector<Result<void>> results;
  std::set<std::string> days;
  for (const SegmentRef& segment : segments) {
    auto removed = expect_closed_segment(name, segment);
    if (removed) removed = unlink_segment(**tree, segment);
    if (removed) days.insert(day_directory(segment));
    results.push_back(std::move(removed));
  }
  if (const auto synced = sync_names(**tree, days); !synced) {
    for (auto& result : results) {
      if (result) result = synced;
    }
    return results;
  }
  remove_emptied(**tree, days);
  return results;
}

}  // namespace mj::storage
