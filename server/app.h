#pragma once

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "capture/capture.h"
#include "config/config.h"
#include "index/index.h"
#include "server/feeds/feed_reader.h"
#include "server/server.h"
#include "storage/storage.h"

namespace mj::server {

/// The composition root of mingjingd: makes every module, connects each to the next, starts them from the
/// sink up and stops them from the source down. Recording comes first: it begins before the server and goes
/// on when the server cannot start.
///
/// Owner: main(). Thread: one calls everything. Does not: know what any module does. Fails: start() when the
/// index cannot be opened, since footage that nobody can find is not recorded (a damaged one is set aside and
/// replaced); everything else is reported, waited for and tried again.
class App {
 public:
  App(config::Settings settings, const Clock& clock);
  ~App();  // stops
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  /// Opens the index, heals it, begins to record. Errors: those of index::Index::open and apply.
  [[nodiscard]] Result<void> start();
  /// Starts the server if it is not running and it is time to try; says on stdout where it listens.
  void serve();
  /// What the calling thread has to do while all runs: serve(), every connection, a look at silent
  /// workstations and at what the purge has to do. Takes 0.2 s; call it again and again.
  void turn();
  [[nodiscard]] bool serving() const { return serving_; }
  [[nodiscard]] const Server* server() const { return server_.get(); }
  /// Server, cameras, recorder, index, in this order. At most 10 s: then the process ends here, with exit
  /// code 3.
  void stop();

  /// start(), turn() until SIGTERM or SIGINT, stop(). The signals must be blocked in every thread. The exit
  /// code.
  [[nodiscard]] int run(const sigset_t& stop_signals);

 private:
  [[nodiscard]] Result<void> open_index();
  [[nodiscard]] Result<void> try_open_index();
  void keep_backup(const char* why) const;
  void look_after_index();
  void keep_backups();
  void purge();
  void purge_turn();
  [[nodiscard]] bool clock_jumped();
  [[nodiscard]] Context context();

  const config::Settings settings_;
  const Clock& clock_;
  std::unique_ptr<index::Index> index_;
  std::unique_ptr<storage::Reader> reader_;
  std::unique_ptr<storage::Recorder> recorder_;
  std::unique_ptr<capture::Capture> capture_;
  std::unique_ptr<FeedReader> feeds_;
  std::unique_ptr<Server> server_;
  std::thread backlog_;
  std::mutex stop_mutex_;
  std::condition_variable stop_changed_;  ///< wakes backlog_ when stopping_
  std::atomic<bool> stopping_ = false;
  std::unique_ptr<storage::Remover> remover_;
  std::atomic<bool> purging_ = false;  ///< a turn is queued or runs
  std::atomic<bool> more_to_purge_ = true;
  SteadyTime last_purge_;
  Duration clock_offset_{0};  ///< of the host's clock from the monotonic one, when last looked at
  bool serving_ = false;
  std::string last_refusal_;  ///< why the server did not start, so that the log says it once
  SteadyTime next_attempt_;
};

/// Where the index of a hall lies; mingjing's commands look there too.
[[nodiscard]] std::filesystem::path index_directory(const config::Settings& settings);

}  // namespace mj::server
