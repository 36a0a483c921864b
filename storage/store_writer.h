#pragma once

#include <atomic>
#include <mutex>

#include "storage/disk.h"
#include "storage/stream_tail.h"

namespace mj::storage {

/// Everything one store does with fragments: placing them into segments, rotation, group commit, and what to
/// do when the disk will not. Told the time by calls of tick(). Owner: a StoreActor; `files`, `clock`,
/// `outlet` and every tail it was given must outlive it. Thread: one, except writable() and status(). Does
/// not queue, does not choose stores. Failure: nothing is ever acknowledged that is not durable; what is not
/// written becomes a gap with a cause, told once.
class StoreWriter {
 public:
  StoreWriter(config::Store store, const config::Storage& rules, FileSystem& files, const Clock& clock,
              Outlet& outlet)
      : rules_(rules), clock_(clock), outlet_(outlet), disk_(std::move(store), files) {}

  void append(StreamTail& tail, const capture::Fragment& fragment);
  /// What the source says: ends the open segment, durably, and goes on to the outlet as it is.
  void outage(StreamTail& tail, capture::Outage outage);
  /// The same for a fragment that was refused before it came here; told only if no gap is open.
  void refused(StreamTail& tail, capture::Outage outage);
  /// Syncs and looks at the disk when it is time.
  void tick();
  /// Until tick() has something to do.
  [[nodiscard]] Duration until_due() const;
  /// Closes what is open, durably. What is left at `deadline` stays `.part` and is recovered at the next
  /// start.
  void close_all(SteadyTime deadline);

  /// False only when no segment is open here. Any thread.
  [[nodiscard]] bool writable() const { return writable_.load(); }
  /// Why not writable. Any thread.
  [[nodiscard]] GapCause cause() const { return cause_.load(); }
  /// Any thread. `queued` is 0.
  [[nodiscard]] StoreStatus status() const;

 private:
  [[nodiscard]] bool must_end(const StreamTail& tail, const capture::Fragment& fragment) const;
  [[nodiscard]] Result<void> open_segment(StreamTail& tail, const capture::Fragment& fragment);
  [[nodiscard]] Result<void> write(StreamTail& tail, const capture::Fragment& fragment);
  void write_failed(StreamTail& tail, const capture::Fragment& fragment, const Error& error);
  void sync_all();
  [[nodiscard]] bool sync_group(const std::vector<StreamTail*>& grown);
  [[nodiscard]] bool sync(StreamTail& tail);
  void tell_durable(StreamTail& tail, std::vector<SegmentWriter::Durable> durable);
  void close(StreamTail& tail);
  std::unique_ptr<SegmentWriter> take_open(StreamTail& tail);
  void give_up(StreamTail& tail, const Error& error);
  void tell_closed(StreamTail& tail, SegmentClosed closed);
  void gap(StreamTail& tail, WallTime begin, GapCause cause, std::string detail);
  [[nodiscard]] static bool comes_after_loss(StreamTail& tail, uint64_t entry);
  static void lose(StreamTail& tail, uint64_t entry);
  void count_failure(const Error& error);
  void settle();

  const config::Storage rules_;
  const Clock& clock_;
  Outlet& outlet_;
  Disk disk_;
  std::vector<StreamTail*> open_;  ///< tails with an open segment, all of them here
  int failures_ = 0;               ///< in a row
  std::optional<SteadyTime> synced_, checked_;
  std::atomic<bool> writable_ = false;
  std::atomic<GapCause> cause_ = GapCause::disk_error;
  mutable std::mutex status_mutex_;
  StoreStatus status_;  ///< guarded by status_mutex_
};

}  // namespace mj::storage
