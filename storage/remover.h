#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/config.h"

/// Part of storage/storage.h.
namespace mj::storage {

struct SegmentRef;
class Tree;
class FileSystem;  ///< storage/file_system.h; tests bring their own

/// Deletes closed segments, durably (storage law 2). Owner: the composition root; `files` must outlive it.
/// Threads: any, one call at a time for a store. Does not: know what may be deleted; touch a store whose
/// marker is not there, a file that is no segment of ours, one that is being written. A reader that has the
/// file open reads on. Failure: per segment; what failed is still there or may come back after a power cut,
/// and is to be tried again.
class Remover {
 public:
  explicit Remover(std::vector<config::Store> stores);
  Remover(std::vector<config::Store> stores, FileSystem& files);

  /// The stores that are there now: their marker can be read.
  [[nodiscard]] std::vector<std::string> present() const;
  /// One result for each of `segments`, which all lie in `store`; well when the file is gone for good, also
  /// when it was gone before. A day's folder that became empty goes too. Errors: invalid (no closed segment
  /// of that store), unavailable (the store is missing), denied, internal.
  [[nodiscard]] std::vector<Result<void>> remove(const std::string& store,
                                                 const std::vector<SegmentRef>& segments) const;

 private:
  [[nodiscard]] Result<std::shared_ptr<Tree>> open(const std::string& store) const;

  std::vector<config::Store> stores_;
  FileSystem* files_;
};

}  // namespace mj::storage
