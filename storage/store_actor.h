#pragma once

#include <future>
#include <thread>

#include "storage/store_queue.h"
#include "storage/store_writer.h"

namespace mj::storage {

/// A stream at the Recorder's desk. `tail` belongs to the thread of the store that has the stream; the rest
/// to whoever holds the Recorder's mutex.
struct StreamDesk {
  StreamTail tail;
  std::size_t store = 0;                     ///< that has the stream
  bool placed = false;                       ///< `store` was chosen for it
  std::size_t waiting = 0;                   ///< jobs in that store's queue or hands
  bool refusing = false;                     ///< a fragment was refused and no key fragment taken since
  std::optional<capture::Outage> last_word;  ///< the newest job, if that is no fragment
};

/// The thread of one store: takes jobs from its queue, gives them to the StoreWriter.
/// Owner: the Recorder; `files`, `clock`, `outlet` must outlive it. Threads: "store-<id>" runs it, the rest
/// may be called from any. Does not choose stores. Failure: the StoreWriter's; a hanging disk makes the queue
/// full.
class StoreActor {
 public:
  /// `done` is called on the store's thread after each job.
  StoreActor(const config::Store& store, const config::Storage& rules, FileSystem& files, const Clock& clock,
             Outlet& outlet, std::function<void(StreamDesk&)> done);

  void start();
  /// Waits until the disk was looked at once, not longer than `patience`.
  void wait_until_looked(Duration patience);
  /// Takes no more jobs; what is queued is written, what is open is closed.
  void close();
  void join();

  /// False: no room, or closed; `job` is then untouched.
  [[nodiscard]] bool offer(Job& job);
  [[nodiscard]] const StoreQueue& queue() const { return queue_; }
  /// How long the disk has been at one thing, or the oldest job has waited, if that is longer than a disk
  /// that answers needs: frames come, and nothing becomes durable.
  [[nodiscard]] std::optional<Duration> behind() const;
  [[nodiscard]] bool writable() const { return writer_.writable(); }
  [[nodiscard]] GapCause cause() const { return writer_.cause(); }
  [[nodiscard]] StoreStatus status() const;

 private:
  void run();
  void handle(Job job);
  [[nodiscard]] bool late(Duration after_close) const;

  void be_busy();
  void be_idle() { busy_since_.store(0); }

  const std::string id_;
  const Clock& clock_;
  const std::function<void(StreamDesk&)> done_;
  StoreQueue queue_;
  StoreWriter writer_;
  std::atomic<SteadyTime::rep> busy_since_ = 0;  ///< 0: waits for jobs
  SteadyTime closed_at_{};                       ///< written before the queue is closed, read after
  std::promise<void> looked_;
  std::thread thread_;
};

}  // namespace mj::storage
