#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "index/index.h"
#include "server/feeds/folder.h"
#include "server/feeds/sql_pull.h"

namespace mj::server {

/// Fetches what feeds do not bring: looks into their folders and asks their databases. Owner: App; settings,
/// clock and index must outlive it. Thread: one of its own ("feeds"), because a database may keep it waiting
/// for seconds; there is none when no feed has a folder or a database. Does not: hold up recording or
/// serving. Failure: each feed for itself says what is wrong in the log, once, and is tried again.
class FeedReader {
 public:
  FeedReader(const config::Settings& settings, const Clock& clock, index::Index& index);
  ~FeedReader();  // stops
  FeedReader(const FeedReader&) = delete;
  FeedReader& operator=(const FeedReader&) = delete;

  void start();
  /// Begins to stop, without waiting.
  void stop_soon();
  /// Waits for the file or question under way: some seconds at most.
  void stop();

 private:
  void run();
  /// So that it can be seen from outside which feeds cannot be read.
  void tell_troubles();

  index::Index& index_;
  const config::Mapping plain_ = config::plain_mapping();
  std::atomic<bool> stopping_ = false;
  std::vector<WatchedFolder> folders_;
  std::vector<SqlPull> databases_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::thread thread_;
};

}  // namespace mj::server
