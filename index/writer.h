#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "config/config.h"
#include "index/ballast.h"
#include "index/mutex.h"
#include "index/sqlite.h"

namespace mj::index {

/// What takes part in each transaction of a Writer, in its thread. An error is the transaction's.
class Companion {
 public:
  virtual ~Companion() = default;
  [[nodiscard]] virtual Result<void> begin(Database& database) = 0;  ///< before its commands
  [[nodiscard]] virtual Result<void> seal(Database& database) = 0;   ///< before its commit
  virtual void committed() = 0;
};

/// The only hand that changes the index: commands go through a bounded queue to one thread, which commits
/// together what has queued up (one fsync for many). Owner: Index. Threads: public functions from any;
/// commands and their `done` run on "index-writer". Two kinds of command. A *call* waits for its commit and
/// gets the error if there is one. An *event* of the recorder waits for nobody: when the disk refuses
/// (no_space, unavailable, denied, corrupt) it is kept, in order, and tried again until it is committed or
/// the queue has no room; a command that is itself wrong (invalid, not_found, internal) is undone alone, told
/// to the log and dropped. Does not: read for others. Failure: healthy() and last_error() say how the last
/// commit went.
class Writer {
 public:
  /// Changes rows; may run more than once, so whatever it fills outside must be set anew each time.
  using Command = std::function<Result<void>(Database&)>;
  using Done = std::function<void(const Result<void>&)>;

  struct Limits {
    size_t queue = 65'536;  ///< commands waiting, and again as many events kept for a better moment
    size_t batch = 1'024;   ///< commands in one commit
    Duration first_wait = std::chrono::milliseconds(100);  ///< after a commit that failed; doubles
    Duration longest_wait = std::chrono::seconds(5);
  };

  /// The companions must outlive it.
  Writer(std::unique_ptr<Database> database, Ballast ballast, const Clock& clock, Limits limits,
         std::vector<Companion*> companions = {});
  ~Writer();  // commits what is queued, joins
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// A call: durable when it returns success. Not from a command.
  [[nodiscard]] Result<void> call(Command command);
  /// An event: `done` is called once, when it is committed or given up.
  void post(Command command, Done done);

  [[nodiscard]] bool healthy() const { return healthy_; }
  [[nodiscard]] std::string last_error() const;  ///< empty when healthy
  /// Events that were given up since the start.
  [[nodiscard]] uint64_t lost() const { return lost_; }

 private:
  struct Job {
    Command command;
    Done done;
    bool event = false;
    Result<void> result;
  };
  using Jobs = std::deque<Job>;

  void loop();
  void work_off(Jobs jobs);
  void keep(Job job);
  void retry_kept();
  [[nodiscard]] bool commit(Jobs& batch);
  [[nodiscard]] Result<void> attempt(Jobs& batch);
  [[nodiscard]] Result<void> run_undoable(Job& job);
  void finish(Job& job);
  void note_failure(const Error& error);
  void note_success();
  void last_chance();
  void mind_ballast();

  std::unique_ptr<Database> database_;
  Ballast ballast_;
  const Clock& clock_;
  const Limits limits_;
  const std::vector<Companion*> companions_;
  BoundedQueue<Job> queue_;
  std::atomic<bool> healthy_ = true;
  std::atomic<uint64_t> lost_ = 0;
  mutable Mutex mutex_;
  std::string last_error_ MJ_GUARDED_BY(mutex_);

  // Of the writer thread alone.
  Jobs kept_;         ///< events waiting for the disk
  Duration wait_{0};  ///< zero: healthy
  SteadyTime next_try_;
  SteadyTime next_ballast_;
  std::thread thread_;
};

}  // namespace mj::index
