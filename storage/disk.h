#pragma once

#include <unordered_map>

#include "storage/file_system.h"
#include "storage/marker.h"
#include "storage/storage.h"

namespace mj::storage {

/// The disk behind one store: is it there, is it the right one, does it take bytes, is there room.
/// Owner: the StoreWriter. Thread: the store's. Does not write footage, and does not close what is open on a
/// disk that went away: its owner does, the tree stays valid as long as someone holds it. Failure: becomes
/// not writable with a cause and a sentence what to do; the next check() tries again from the start.
class Disk {
 public:
  Disk(config::Store store, FileSystem& files) : store_(std::move(store)), files_(files) {}

  /// Mounts if need be, proves that bytes are taken, looks at the free space. Logs what changed.
  void check();
  /// After a write or sync failed in a way that may be the disk's.
  void mark_failed(const Error& error);
  /// After a write found no space: not writable until there is more than the reserve again.
  void mark_full();

  [[nodiscard]] bool writable() const { return tree_ != nullptr && !full_; }
  /// Why not writable.
  [[nodiscard]] GapCause cause() const { return full_ ? GapCause::no_space : GapCause::disk_error; }
  [[nodiscard]] const std::string& detail() const { return detail_; }
  [[nodiscard]] Space space() const { return space_; }
  [[nodiscard]] const config::Store& store() const { return store_; }
  /// Only while writable.
  [[nodiscard]] const std::shared_ptr<Tree>& tree() const { return tree_; }
  /// Makes the segment's directories, and their names durable.
  [[nodiscard]] Result<void> prepare_directory(const SegmentRef& segment);

 private:
  [[nodiscard]] Result<void> mount();
  [[nodiscard]] Result<std::unique_ptr<File>> identify(Tree& tree);
  [[nodiscard]] Result<void> measure();
  void set_detail(std::string detail);
  void unmount();

  const config::Store store_;
  FileSystem& files_;
  std::shared_ptr<Tree> tree_;
  std::unique_ptr<File> lock_;  ///< the marker, locked against a second recorder
  std::string uuid_;            ///< of the disk that this store was seen on first
  bool full_ = false;
  Space space_;
  std::string detail_ = "not looked at yet";
  std::optional<GapCause> logged_;  ///< what the log heard last, none: that it is well
  /// Newest day directory of each stream whose name is known to be durable.
  std::unordered_map<StreamKey, std::string> durable_days_;
};

}  // namespace mj::storage
