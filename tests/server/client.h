#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace mj::test {

/// An answer of the server.
struct Answer {
  int status = 0;  ///< 0: the connection ended without one
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  /// The first header of this name, or empty.
  [[nodiscard]] std::string header(const std::string& name) const;
};

using Headers = std::vector<std::pair<std::string, std::string>>;

/// A client on one connection that can be as rude as a test needs. Each wait ends after 10 s at the latest.
/// Owner: the test. Thread: one.
class Client {
 public:
  /// `url`: "https://127.0.0.1:8443" or "http://…". The certificate is not checked unless `ca_file` is given.
  explicit Client(const std::string& url, const std::string& ca_file = "");
  ~Client();

  [[nodiscard]] bool connected() const;
  [[nodiscard]] Answer ask(const std::string& method, const std::string& target, const Headers& headers = {},
                           const std::string& body = "");
  /// Sends bytes as they are. False: the connection is gone.
  bool send(const std::string& bytes);
  /// Reads one answer. `head`: it has no body whatever its headers say.
  [[nodiscard]] Answer read(bool head = false);
  /// Waits for the server to close. False: it did not within `longest`.
  [[nodiscard]] bool closed_within(std::chrono::milliseconds longest);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// One request on a connection of its own.
[[nodiscard]] Answer ask(const std::string& url, const std::string& method, const std::string& target,
                         const Headers& headers = {}, const std::string& body = "");

}  // namespace mj::test
