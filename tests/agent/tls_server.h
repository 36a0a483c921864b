#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "tests/agent/certificate.h"

namespace mj::test {

struct ServedRequest {
  std::string method, target, authorization, content_type, host, body;
  int connection = 0;  ///< 1 for the first connection the server accepted
};

/// What a scripted server does about a request.
struct Reply {
  std::string bytes;   ///< sent as they are
  bool close = false;  ///< then ends the connection
  bool hang = false;   ///< then never says anything again
};

/// A whole answer with a Content-Length.
[[nodiscard]] Reply answer(int status, const std::string& body, const std::string& extra_headers = "");

/// An HTTPS server on a free loopback port that does what the test says, good or bad.
/// Owner: the test. Threads: one of its own, on which `script` is called. Stops when destroyed.
class TlsServer {
 public:
  using Script = std::function<Reply(const ServedRequest&)>;
  TlsServer(const CertificatePair& certificate, Script script);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  [[nodiscard]] int port() const;
  /// "https://127.0.0.1:port", or another name for this machine.
  [[nodiscard]] std::string url(const std::string& host = "127.0.0.1") const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mj::test
