#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "config/config.h"

namespace mj::test {

/// A request as a camera reads it.
struct CameraRequest {
  std::string method;
  std::string url;
  std::string text;    ///< whole, with header lines
  int connection = 0;  ///< 1 for the camera's first connection
  [[nodiscard]] std::string header(std::string_view name) const;
};

/// A scripted camera: an RTSP server on loopback whose every answer a test can replace.
/// What is not replaced behaves like a well-bred camera: it describes `sdp`, agrees to TCP, and after PLAY
/// sends `media`. Owner: a test. Threads: a thread of its own runs the scripts; requests() and counters may
/// be asked from any.
class FakeCamera {
 public:
  /// One connection, as scripts see it.
  class Peer : public std::enable_shared_from_this<Peer> {
   public:
    virtual ~Peer() = default;
    virtual void send(Bytes bytes) = 0;
    void send(std::string_view text) { send(Bytes(as_bytes(text).begin(), as_bytes(text).end())); }
    /// "200 OK" and header lines, each closed by CRLF.
    void reply(const CameraRequest& request, std::string_view status, std::string_view headers = "",
               std::string_view body = "");
    /// Sends `frame` on an interleaved channel.
    void send_frame(uint8_t channel, const Bytes& payload);
    /// Calls `again` every `interval` while the connection lives.
    virtual void every(Duration interval, std::function<void()> again) = 0;
    /// Sends `bytes` over and over, as fast as they are read.
    virtual void flood(Bytes bytes) = 0;
    virtual void close() = 0;
    [[nodiscard]] virtual int number() const = 0;  ///< 1 for the camera's first connection
    /// With RST.
    virtual void reset() = 0;
  };
  using Script = std::function<void(Peer&, const CameraRequest&)>;

  FakeCamera();
  ~FakeCamera();
  FakeCamera(const FakeCamera&) = delete;
  FakeCamera& operator=(const FakeCamera&) = delete;

  // Set up before start().
  std::string sdp;  ///< body of DESCRIBE
  std::string describe_headers = "Content-Type: application/sdp\r\n";
  std::string session = "4711;timeout=60";  ///< of SETUP's reply
  /// Interleaved channel and packet, or over UDP track*2 and packet; sent after PLAY's reply.
  std::vector<std::pair<uint8_t, Bytes>> media;
  bool allow_tcp = true;  ///< else 461
  bool allow_udp = true;
  /// Replaces the answer to a method. "CONNECT" is called when a connection is made, with an empty request.
  void on(const std::string& method, Script script) { scripts_[method] = std::move(script); }
  /// The usual answer, for scripts that only add to it.
  void usual(Peer& peer, const CameraRequest& request);

  /// For scripts that answer PLAY themselves: push() goes to this peer from now on.
  void adopt(Peer& peer) { playing_ = peer.weak_from_this(); }

  void start();
  void stop();
  /// Another `sdp` from now on.
  void describe_as(std::string text);
  /// Closes every connection there is.
  void drop_all();
  /// Sends more media to whoever played last.
  void push(std::vector<std::pair<uint8_t, Bytes>> packets);
  /// Waits until everything pushed has been read: the reader answers a question sent behind it. False: it did
  /// not.
  [[nodiscard]] bool all_read();
  [[nodiscard]] uint16_t port() const { return port_; }
  [[nodiscard]] std::string url(std::string_view path = "/live") const;
  /// All requests so far.
  [[nodiscard]] std::vector<CameraRequest> requests() const;
  [[nodiscard]] int count(std::string_view method) const;
  [[nodiscard]] int connections() const { return connections_; }

 private:
  class Link;
  void accept();
  void note(CameraRequest request);
  void handle(Peer& peer, const CameraRequest& request);
  void usual_setup(Peer& peer, const CameraRequest& request);
  void send_packets(Peer& peer, const std::vector<std::pair<uint8_t, Bytes>>& packets);

  boost::asio::io_context context_{1};
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::ip::udp::socket datagrams_;
  uint16_t port_ = 0;
  std::map<std::string, Script> scripts_;
  std::vector<std::pair<int, uint16_t>> udp_ports_;  // of the connection: the reader's media port per track
  std::atomic<int> connections_{0};
  mutable std::mutex mutex_;
  std::condition_variable answered_;
  int answers_ = 0;  // under mutex_
  int questions_ = 0;
  std::vector<CameraRequest> requests_;  // under mutex_
  std::vector<std::weak_ptr<Link>> links_;
  std::weak_ptr<Peer> playing_;
  std::thread thread_;
};

}  // namespace mj::test
