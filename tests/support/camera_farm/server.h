#pragma once

#include <atomic>
#include <memory>
#include <unordered_map>

#include "tests/support/camera_farm/session.h"

namespace mj::test::farm {

struct ServerOptions {
  int port = 8554;  // 0: any free one
  double tick_ms = 4;
  double stats_s = 0;
  double run_s = 0;  // 0: for ever
};

/// The farm's loop: accepts on loopback, wakes sessions, prints totals.
/// Owner: main; `config` outlives it. Thread: the caller of run(). Fails: constructor throws
/// std::runtime_error.
class Server {
 public:
  Server(Config& config, ServerOptions options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] int port() const { return port_; }
  /// Returns when `stop` is set or run_s is over. When `reset` is set, every connection is reset at once, and
  /// it is cleared.
  void run(const std::atomic<bool>& stop, std::atomic<bool>& reset);

 private:
  void listen();
  void watch(int operation, int fd, uint32_t events) const;
  void accept();
  void settle(Session& session, bool keep);
  void serve(int fd, uint32_t events);
  void tick(int64_t now);
  void reset_all();
  void print_stats(int64_t now);

  Config& config_;
  ServerOptions options_;
  int port_ = 0, listener_ = -1, epoll_ = -1, timer_ = -1;
  int64_t start_ = 0, next_stats_ = 0, worst_late_ = 0, last_tick_ = 0;
  std::unordered_map<int, std::unique_ptr<Session>> sessions_;
};

}  // namespace mj::test::farm
