// A camera that sends us elsewhere must not get our credentials carried there.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <thread>

#include "tests/capture/recording_outlet.h"

namespace mj::capture {
namespace {

/// A listening socket on one of the loopback addresses.
class Listener {
 public:
  explicit Listener(const char* address) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    inet_pton(AF_INET, address, &where.sin_addr);
    socklen_t size = sizeof where;
    if (bind(fd_, reinterpret_cast<sockaddr*>(&where), size) != 0 || listen(fd_, 4) != 0) std::abort();
    getsockname(fd_, reinterpret_cast<sockaddr*>(&where), &size);
    url_ = std::string("rtsp://") + address + ":" + std::to_string(ntohs(where.sin_port)) + "/x";
  }
  ~Listener() { close(fd_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  [[nodiscard]] bool somebody_calls(int patience_ms) const {
    pollfd waiting{fd_, POLLIN, 0};
    return poll(&waiting, 1, patience_ms) == 1;
  }
  [[nodiscard]] int accept_call() const { return accept(fd_, nullptr, nullptr); }
  /// By the first that called, if any did; all of them have gone by now.
  [[nodiscard]] ssize_t bytes_told() const {
    if (!somebody_calls(0)) return 0;
    const int call = accept_call();
    std::array<char, 4096> heard{};
    const ssize_t bytes = recv(call, heard.data(), heard.size(), 0);
    close(call);
    return std::max<ssize_t>(bytes, 0);  // a reset is silence too
  }
  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  int fd_;
  std::string url_;
};

/// Answers one connection's OPTIONS, and everything else with a redirection.
void send_elsewhere(const Listener& camera, const std::string& where) {
  if (!camera.somebody_calls(10'000)) return;
  const int call = camera.accept_call();
  std::array<char, 4096> request{};
  for (int sequence = 1; recv(call, request.data(), request.size(), 0) > 0; ++sequence) {
    const bool options = std::string_view(request.data()).starts_with("OPTIONS");
    std::string reply = options ? "RTSP/1.0 200 OK\r\nPublic: DESCRIBE\r\n"
                                : "RTSP/1.0 302 Moved\r\nLocation: " + where + "\r\n";
    reply += "CSeq: " + std::to_string(sequence) + "\r\n\r\n";
    static_cast<void>(send(call, reply.data(), reply.size(), MSG_NOSIGNAL));
    request = {};
  }
  close(call);
}

TEST(RedirectTest, AnotherHostIsToldNothing) {
  const Listener camera("127.0.0.1");
  const Listener stranger("127.0.0.2");
  std::thread answering([&] { send_elsewhere(camera, stranger.url()); });
  config::Settings settings;
  settings.cameras.resize(1);
  settings.cameras[0].id = "cam-1";
  settings.cameras[0].url = camera.url();
  settings.cameras[0].transport = config::Transport::libav;
  settings.cameras[0].user = "admin";
  settings.cameras[0].password = Secret("hunter2");
  const SystemClock clock;
  test::RecordingOutlet outlet;
  {
    Capture capture(settings, clock, outlet);
    capture.start();
    EXPECT_TRUE(outlet.wait_for_outage(GapCause::unsupported));
  }
  answering.join();
  EXPECT_EQ(stranger.bytes_told(), 0) << "libav may knock, but must not speak";
  EXPECT_THAT(outlet.outages().front().detail, testing::HasSubstr("another host"));
}

}  // namespace
}  // namespace mj::capture
