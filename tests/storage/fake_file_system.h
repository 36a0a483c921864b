#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <random>

#include "storage/file_system.h"

/// A file system in memory that keeps two truths: what a process sees and what the disk has. A power cut
/// leaves the second.
namespace mj::storage {

struct FakeNode;
class FakeTree;

/// Owner: the test; must outlive its trees and files. Thread-safe. Operations that change something are
/// counted from 1, and the one with the number fail_at() fails: a failed write has written half, a failed
/// sync has forgotten what it should have kept.
class FakeFileSystem final : public FileSystem {
 public:
  FakeFileSystem();
  ~FakeFileSystem() override;
  Result<std::shared_ptr<Tree>> open_tree(const std::filesystem::path& root) override;

  void fail_at(int operation, ErrorKind kind = ErrorKind::internal, bool from_then_on = false);
  void heal() { fail_at(0); }
  [[nodiscard]] bool struck() const;
  [[nodiscard]] int operations() const;
  /// What was not synced is gone; with a seed, a random part of it is not. Open files and trees are dead
  /// afterwards.
  void power_cut(uint32_t seed = 0);
  /// A process was killed: open files and locks are gone, everything written is there.
  void kill();

  void set_free(uint64_t bytes);
  void set_missing(bool missing);  ///< the store's directory
  void set_swapped(bool swapped);  ///< something else is mounted there
  void set_max_write(std::size_t bytes);
  /// Every sync waits while set.
  void hold_syncs(bool hold);
  void put_file(const std::string& path, BytesView bytes);  ///< durable, for arranging

 private:
  friend class FakeTree;
  friend class FakeFile;
  /// Counts one change; an error when it is this one's turn to fail.
  [[nodiscard]] Result<void> strike(const char* what);
  [[nodiscard]] Result<std::shared_ptr<FakeNode>> find(const std::string& path) const;

  mutable std::mutex mutex_;
  std::condition_variable released_;
  std::shared_ptr<FakeNode> root_;
  int operations_ = 0, fail_at_ = 0;
  bool from_then_on_ = false, struck_ = false;
  ErrorKind kind_ = ErrorKind::internal;
  int generation_ = 0;  ///< of handles: a cut or kill begins a new one
  uint64_t free_ = 1ULL << 40;
  bool missing_ = false, swapped_ = false, hold_ = false;
  std::size_t max_write_ = 1 << 30;
};

}  // namespace mj::storage
