#pragma once

#include <memory>

#include "capture/rtsp/dialogue.h"
#include "capture/rtsp/net.h"
#include "capture/rtsp/reorder_buffer.h"
#include "config/config.h"

namespace mj::capture::rtsp {

/// The pair of sockets one track comes in on over UDP (RFC 3550 §11: RTP on an even port, RTCP on the next).
/// Owner: a session, shared with the two coroutines that read; close() before `listener` goes, they then end
/// by themselves. Threads: the executor's one. Does not: accept a datagram from anybody but the camera.
class UdpFlow : public std::enable_shared_from_this<UdpFlow> {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void on_datagram(std::size_t track, bool control, BytesView payload, SteadyTime arrived) = 0;
  };

  /// Errors: unavailable (no ports).
  [[nodiscard]] static Result<std::shared_ptr<UdpFlow>> open(Executor executor, bool v6);
  explicit UdpFlow(Executor executor) : media_(executor), control_(executor) {}

  /// Of the media socket; the control socket's is the next.
  [[nodiscard]] uint16_t port() const { return port_; }
  /// From here on only this peer is heard. Ports of 0: not told by the camera.
  void aim(const asio::ip::address& peer, uint16_t media_port, uint16_t control_port);
  /// Begins to read; `track` is handed back with each datagram.
  void start(std::size_t track, Listener& listener, Scratch& scratch, const Clock& clock);
  void send_control(BytesView payload);
  void close();

 private:
  /// False: `port` or its neighbour is taken.
  bool bind_pair(const asio::ip::address& any);
  Task<> read_loop(UdpSocket& socket, bool control, std::shared_ptr<UdpFlow> self);
  bool drain(UdpSocket& socket, bool control);
  void hand_on(bool control, BytesView datagram, SteadyTime now);

  UdpSocket media_;
  UdpSocket control_;
  uint16_t port_ = 0;
  asio::ip::udp::endpoint control_peer_;
  std::size_t track_ = 0;
  Listener* listener_ = nullptr;
  Scratch* scratch_ = nullptr;
  const Clock* clock_ = nullptr;
  ReorderBuffer reorder_;
};

}  // namespace mj::capture::rtsp
