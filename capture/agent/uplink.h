#pragma once

#include <atomic>
#include <condition_variable>
#include <random>
#include <thread>

#include "capture/agent/backoff.h"
#include "capture/agent/server_api.h"
#include "capture/agent/spool.h"
#include "capture/agent/token_bucket.h"
#include "capture/agent/trouble.h"

namespace mj::agent {

struct UplinkSettings {
  std::string server;  ///< "https://host[:port]"
  std::filesystem::path ca_file;
  std::string workstation;
  SigningKey key;
  int64_t bytes_per_second = 0;                 ///< on average; 0: no bound
  Duration timeout = std::chrono::seconds(20);  ///< of a request, beside the time its body takes
};

/// What `status` tells about it.
struct UplinkState {
  std::optional<WallTime> reached;  ///< server time when it last answered as it should
  Position position;                ///< as it said then
  std::string trouble;              ///< empty: none
  bool revoked = false;             ///< the server does not know this agent any more
  uint64_t refused = 0;             ///< entries that it will never take
};

/// Brings the spool's entries to the server, each number once and in order, as soon as it is there and
/// however long that takes; measures the server's clock on the way.
///
/// Owner: main(), or a test; clock, spool and timekeeper must outlive it. Threads: its own, "uplink"; the
/// members may be called from any. Where it is, only the server knows: after every doubt (start, lost answer,
/// error) it asks. Does not: keep anything, drop anything. Fails by trying again after 1 to 30 s, longer if
/// the server says so; an entry that the server refuses as malformed three times is given up, named in the
/// log.
class Uplink {
 public:
  /// Errors: invalid (address, CA file). Whether the server is there shows later.
  [[nodiscard]] static Result<std::unique_ptr<Uplink>> start(UplinkSettings settings, const Clock& clock,
                                                             Spool& spool, Timekeeper& timekeeper);
  ~Uplink();  // gives up the request under way
  Uplink(const Uplink&) = delete;
  Uplink& operator=(const Uplink&) = delete;

  /// There is something new in the spool.
  void wake();
  /// Waits until the server has taken everything, at most so long. True when it has.
  bool drain(Duration patience);
  [[nodiscard]] UplinkState state() const;

 private:
  Uplink(UplinkSettings settings, const Clock& clock, Spool& spool, Timekeeper& timekeeper,
         std::unique_ptr<ServerApi> api);
  void run();
  [[nodiscard]] uint64_t news() const;
  [[nodiscard]] bool wait_for_news(uint64_t seen);
  void rest(Duration time);
  [[nodiscard]] std::optional<Duration> step();
  [[nodiscard]] Duration sign_in();
  [[nodiscard]] Duration ask_position();
  [[nodiscard]] std::optional<Duration> send();
  [[nodiscard]] Result<Batch> next_batch();
  [[nodiscard]] Duration judge(const Result<Answer>& answer, std::size_t bytes, Duration took);
  [[nodiscard]] Duration refused(const Answer& answer, std::size_t bytes);
  void malformed();
  [[nodiscard]] Duration failed(const Error& error, Duration at_least);
  [[nodiscard]] Result<void> take(const Position& position);
  void good();

  const UplinkSettings settings_;
  const Clock& clock_;
  Spool& spool_;
  Timekeeper& timekeeper_;
  const std::unique_ptr<ServerApi> api_;

  mutable std::mutex mutex_;  // of the next three
  std::condition_variable changed_;
  uint64_t news_ = 0;
  UplinkState state_;
  std::atomic<bool> stopping_{false};

  bool signed_in_ = false;  // from here on: thread "uplink" only
  SteadyTime last_401_{SteadyTime::duration::min() / 2};
  bool position_known_ = false;
  Position position_;
  std::size_t batch_bytes_;
  uint64_t malformed_ = 0;  ///< number that was refused last
  int times_malformed_ = 0;
  TokenBucket bucket_;
  Backoff backoff_;
  std::minstd_rand random_;
  Trouble trouble_{"uplink"};
  std::thread thread_;  // last: starts when the rest is there
};

}  // namespace mj::agent
