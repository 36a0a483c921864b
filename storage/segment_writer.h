#pragma once

#include <memory>
#include <vector>

#include "storage/file_system.h"
#include "storage/sha256.h"
#include "storage/storage.h"

namespace mj::storage {

/// Writes one segment file: head (ftyp, moov, label), fragments one behind the other, and in the end its
/// final name. Owner: the StoreWriter. Thread: the store's. Does not decide when to rotate, when to sync or
/// whom to tell; never copies a payload, only the 8 bytes of each decode time are ours. Failure: after an
/// error of append() the file may have a torn tail, so cut_torn_tail() or abandon(); after an error of sync()
/// or finish() only abandon(): what the kernel forgot cannot be asked for again (storage law 3).
class SegmentWriter {
 public:
  struct Durable {
    FragmentPlace place;
    std::optional<capture::ShotFacts> shot;
  };

  /// A new file with its head; nothing of it is durable yet. `segment.open` must be set and its day directory
  /// exist. Errors: invalid (the file exists, or the run's texts cannot be written down), no_space, denied,
  /// internal.
  [[nodiscard]] static Result<std::unique_ptr<SegmentWriter>> create(std::shared_ptr<Tree> tree,
                                                                     SegmentRef segment,
                                                                     std::shared_ptr<const capture::Run> run,
                                                                     const Digest& previous);

  /// Errors: invalid (a fragment whose parts do not fit together; nothing was written), no_space, internal.
  [[nodiscard]] Result<void> append(const capture::Fragment& fragment);
  /// After append() found no space: the file ends with its last whole fragment again.
  [[nodiscard]] Result<void> cut_torn_tail();
  /// Makes everything appended durable, and the first time the file's name too. Returns what became durable
  /// by it.
  [[nodiscard]] Result<std::vector<Durable>> sync();
  /// The same after the owner's Tree::sync_all() succeeded: nothing is left to do but to say so.
  [[nodiscard]] std::vector<Durable> synced();
  /// The final name, durably. Everything must be synced. The result's `suspect` is false.
  [[nodiscard]] Result<SegmentClosed> finish();
  /// After an error: keeps the durable fragments if the disk lets us, removes the file if there are none.
  /// Best effort, never called good: `suspect` is true.
  [[nodiscard]] SegmentClosed abandon();

  [[nodiscard]] const SegmentRef& segment() const { return segment_; }
  [[nodiscard]] const std::shared_ptr<const capture::Run>& run() const { return run_; }
  [[nodiscard]] uint32_t header_bytes() const { return header_bytes_; }
  [[nodiscard]] std::size_t fragments() const { return durable_.size() + pending_.size(); }
  [[nodiscard]] bool has_durable() const { return !durable_.empty(); }
  [[nodiscard]] bool has_pending() const { return !pending_.empty(); }
  /// Number of the agent's entry that was appended first and is not durable; 0: none that has one.
  [[nodiscard]] uint64_t first_pending_entry() const {
    return pending_.empty() || !pending_.front().shot ? 0 : pending_.front().shot->entry.number;
  }
  /// End of the durable footage; the segment's start when there is none.
  [[nodiscard]] WallTime durable_end() const {
    return durable_.empty() ? segment_.start : durable_.back().end;
  }

 private:
  SegmentWriter(std::shared_ptr<Tree> tree, std::unique_ptr<File> file, SegmentRef segment,
                std::shared_ptr<const capture::Run> run, const Digest& previous);
  [[nodiscard]] Result<void> write_head();
  [[nodiscard]] SegmentClosed closed(bool suspect) const;

  std::shared_ptr<Tree> tree_;
  std::unique_ptr<File> file_;
  SegmentRef segment_;
  std::shared_ptr<const capture::Run> run_;
  Digest previous_;
  uint32_t header_bytes_ = 0;
  bool name_durable_ = false;
  Sha256 written_hash_, durable_hash_;
  uint64_t written_bytes_ = 0, durable_bytes_ = 0;
  std::vector<FragmentPlace> durable_;
  std::vector<Durable> pending_;
};

}  // namespace mj::storage
