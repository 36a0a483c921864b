#pragma once

#include <memory>
#include <span>
#include <string>

#include "capture/rtsp/net.h"
#include "capture/rtsp/url.h"
#include "config/config.h"

namespace mj::capture::rtsp {

/// A byte stream to a camera, plain or TLS.
/// Owner: a session. Threads: the executor's one. Does not: know deadlines; close() from a timer is how one
/// ends it. Fails: every operation after close() or a broken connection fails at once.
class Connection {
 public:
  virtual ~Connection() = default;

  /// Waits until read() has something to give, or the connection is over (an ErrorCode).
  [[nodiscard]] virtual Task<ErrorCode> readable() = 0;
  /// What is there, up to `into`'s size, without waiting. 0 with `error` unset: nothing after all.
  [[nodiscard]] virtual std::size_t read(std::span<uint8_t> into, ErrorCode& error) = 0;
  /// Sends without waiting. False: the camera has not been reading for so long that our small requests do not
  /// fit.
  [[nodiscard]] virtual bool send(BytesView bytes) = 0;
  /// A waiting readable() then returns.
  virtual void close() = 0;
  [[nodiscard]] virtual asio::ip::address peer() const = 0;
};

/// Lets a connection attempt be given up before there is a Connection.
class Connecting {
 public:
  virtual ~Connecting() = default;
  virtual void cancel() = 0;
};

/// Resolves the name (an address needs no resolver) and connects; with TLS, shakes hands. A camera's
/// certificate is its own and proves nothing, so it is not verified: TLS here keeps listeners out, not
/// impostors. `attempt` is set while there is something to cancel.
[[nodiscard]] Task<Result<std::unique_ptr<Connection>>> connect(Executor executor, const Url& url,
                                                                Connecting*& attempt);

}  // namespace mj::capture::rtsp
