#pragma once

#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "server/server.h"
#include "server/tuning.h"
#include "tests/server/client.h"
#include "tests/support/temporary_directory.h"

namespace mj::test {

/// What every secret of the hall is called, so that a test can look for it where it must not be.
inline const std::string kCameraPassword = "MARKER-camera-password";
inline const std::string kFeedToken = "MARKER-feed-token-0123456789";
inline const std::string kPassword = "MARKER-password 密码";

/// Calls `turn` again and again, in a thread of its own, until it goes.
template <class Turn>
[[nodiscard]] std::jthread again_and_again(Turn turn) {
  return std::jthread([turn](const std::stop_token& stop) {
    while (!stop.stop_requested()) turn();
  });
}

/// Serves from a thread of its own until it goes; the server may be stopped then.
[[nodiscard]] std::jthread serving(server::Server& server);

/// A real hall on loopback: index, recorder, capture (not connecting) and the server, in a folder that goes
/// away. Owner: the test.
class Hall {
 public:
  struct Options {
    bool tls = true;
    uint16_t port = 0;
    std::optional<server::Deadlines> deadlines;
  };
  Hall();
  explicit Hall(const Options& options);
  ~Hall();

  [[nodiscard]] std::string url() const { return server->url(); }
  [[nodiscard]] std::string certificate() const;
  /// One request, with the person's cookie and header if somebody is signed in.
  [[nodiscard]] Answer get(const std::string& target, Headers headers = {}) const;
  [[nodiscard]] Answer post(const std::string& target, const std::string& body, Headers headers = {}) const;
  [[nodiscard]] Answer post_as(const std::string& token, const std::string& target,
                               const std::string& body) const;

  /// Makes the first account (login "zhao") and keeps its session.
  void sign_in();
  /// The queue calls ticket A1, of case SC-1, to window w1 now.
  void call_case();
  [[nodiscard]] const std::string& cookie() const { return cookie_; }
  [[nodiscard]] Headers person() const;

  /// Records fragments of one second into cam-w1.main, `begin` the first one's start, and waits until they
  /// are durable. With `close` the recorder is stopped, so that the segment is closed.
  void record(WallTime begin, int fragments, bool close);

  mj::test::TemporaryDirectory folder;
  config::Settings settings;
  SystemClock clock;
  std::unique_ptr<index::Index> index;
  std::unique_ptr<storage::Reader> reader;
  std::unique_ptr<storage::Recorder> recorder;
  std::unique_ptr<capture::Capture> capture;
  std::unique_ptr<server::Server> server;

  void stop_server();

 private:
  std::jthread serving_;
  std::string cookie_;
};

/// Settings of one window, a camera, two workstations and a feed; data and store in `folder`.
[[nodiscard]] config::Settings small_hall(const std::filesystem::path& folder);

}  // namespace mj::test
