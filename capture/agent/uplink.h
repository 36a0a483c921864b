#pragma once

#include <atomic>
#include <random>
#include <thread>

#include "capture/agent/backoff.h"
#include "capture/agent/https_client.h"
#include "capture/agent/server_clock.h"
#include "capture/agent/trouble.h"
#include "capture/capture.h"

namespace mj::agent {

struct UplinkSettings {
  std::string server;  ///< "https://host[:port]"
  std::filesystem::path ca_file;
  std::string workstation;
  Secret token;
  Duration timeout = std::chrono::seconds(30);  ///< a key frame of a large screen on a slow line
};

/// Sends shots to the server in order, and measures the server's clock on the way.
///
/// Owner: main(), or a test; `clock` must outlive it. Threads: its own, "uplink", sends; offer(), ready() and
/// key_wanted() may be called from another. Keeps nothing: a shot that cannot be delivered is lost, and so is
/// every following one up to the next key frame, because it could not be decoded. Fails by becoming not
/// ready() for 1 to 30 s, longer if the server says so.
class Uplink {
 public:
  /// Errors: invalid (address, CA file). Whether the server is there shows only with the first shot.
  [[nodiscard]] static Result<std::unique_ptr<Uplink>> start(UplinkSettings settings, const Clock& clock);
  ~Uplink();  // gives up the request under way
  Uplink(const Uplink&) = delete;
  Uplink& operator=(const Uplink&) = delete;

  /// False while the server is left alone after a failure: a shot made now would be lost.
  [[nodiscard]] bool ready() const;
  /// True when the server could not decode anything but a key frame.
  [[nodiscard]] bool key_wanted() const { return key_wanted_; }
  /// How many deliveries failed until now. After each the server has a hole up to the next key frame.
  [[nodiscard]] uint64_t failures() const { return failures_; }
  /// False: not taken (the network is slower than the shots); the next shot must then be a key frame.
  [[nodiscard]] bool offer(capture::Shot shot);

 private:
  Uplink(UplinkSettings settings, const Clock& clock, std::unique_ptr<HttpsClient> client);
  void run();
  void send(const capture::Shot& shot);
  void delivered(const Response& response);
  void failed(const Error& error, Duration at_least);
  void measure(const Response& response);

  const UplinkSettings settings_;
  const Clock& clock_;
  const std::unique_ptr<HttpsClient> client_;
  BoundedQueue<capture::Shot> queue_;
  std::atomic<bool> key_wanted_{true};
  std::atomic<SteadyTime::rep> away_until_{SteadyTime::min().time_since_epoch().count()};
  std::atomic<uint64_t> failures_{0};
  std::atomic<bool> stopping_{false};
  ServerClock server_clock_;  // from here on: thread "uplink" only
  Backoff backoff_;
  std::minstd_rand random_;
  Trouble trouble_{"uplink"};
  std::thread thread_;  // last: starts when the rest is there
};

}  // namespace mj::agent
