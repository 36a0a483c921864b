#pragma once

#include <array>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <variant>

#include "storage/storage.h"

namespace mj::storage {

struct StreamDesk;

/// What the Recorder found: a fragment of the stream had to be refused.
struct Refusal {
  capture::Outage outage;
};

struct Job {
  StreamDesk* stream = nullptr;
  std::variant<capture::Fragment, capture::Outage, Refusal> what;
  SteadyTime taken{};  ///< since when it waits
};

/// Of fragments. When a disk is too slow, sub streams are refused first: from half of this on, because the
/// main stream shows the same. Screens are refused last, with an eighth more: they are small, and a shot that
/// is missing cannot be seen on a camera.
struct QueueLimits {
  std::size_t items = 8192;
  std::size_t bytes = 128 << 20;  ///< of payload: more than a second of 177 cameras
};

/// A store's mailbox: like BoundedQueue, but fragments are bounded by their bytes too, and what is no
/// fragment is always taken (its producer keeps it to one per stream and fragment). Owner: a StoreActor.
/// Threads: all members are thread-safe; one consumer. Never blocks a producer; a full queue refuses.
class StoreQueue {
 public:
  explicit StoreQueue(QueueLimits limits) : limits_(limits) {}

  /// False when there is no room or the queue is closed; `job` is then untouched.
  [[nodiscard]] bool try_push(Job& job);
  /// The oldest; waits at most `timeout`. None when it passed, or when the queue is closed and empty.
  [[nodiscard]] std::optional<Job> pop(Duration timeout);
  void close();
  [[nodiscard]] bool closed() const;
  [[nodiscard]] std::size_t size() const;
  /// Since when the oldest has waited.
  [[nodiscard]] std::optional<SteadyTime> oldest() const;
  /// Fragments there was no room for, by StreamKind.
  [[nodiscard]] std::array<uint64_t, 3> refused() const;

 private:
  const QueueLimits limits_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Job> jobs_;  ///< this and below: guarded by mutex_
  std::size_t bytes_ = 0;
  std::array<uint64_t, 3> refused_{};
  bool closed_ = false;
};

}  // namespace mj::storage
