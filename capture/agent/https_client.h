#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config.h"

namespace mj::agent {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Response {
  int status = 0;
  Headers headers;
  std::string body;
  Duration round_trip{
      0};  ///< from the request's first byte written to the answer's last byte read, without connecting

  /// The first header of that name (any case), or nullptr.
  [[nodiscard]] const std::string* header(std::string_view header_name) const;
};

struct HttpsOptions {
  std::filesystem::path ca_file;                ///< PEM; empty: the system's authorities
  Duration timeout = std::chrono::seconds(10);  ///< of one request as a whole, connecting included
  std::size_t slowest_line = 0;  ///< bytes/s: a body adds its time at this rate to `timeout`; 0: nothing
  std::size_t max_answer_bytes = std::size_t{1} << 20;  ///< a longer body is an error
};

/// Speaks HTTP/1.1 over TLS 1.2+ with one server, over one connection that it keeps alive.
///
/// Owner: whoever asks; nothing needs to outlive it. Threads: request() from one thread at a time; cancel()
/// from any. It always verifies the server: chain against `ca_file` (a self-signed server certificate may
/// stand there itself) and host name or address. It follows no redirect, keeps no cookie, decodes no content
/// coding and speaks no plain HTTP. A kept connection that the server closed before answering is replaced
/// once, so a request may reach the server twice: send only what is safe to repeat. Fails as Result:
/// unavailable (network, timeout), denied (certificate), invalid (URL, CA file, characters of a header, an
/// answer beyond bounds or no HTTP), cancelled. Errors never hold a header's value. A name server that does
/// not answer can delay a timeout until the system's resolver gives up.
class HttpsClient {
 public:
  /// `server`: "https://host[:port]", nothing more.
  [[nodiscard]] static Result<std::unique_ptr<HttpsClient>> create(std::string_view server,
                                                                   HttpsOptions options);
  ~HttpsClient();
  HttpsClient(const HttpsClient&) = delete;
  HttpsClient& operator=(const HttpsClient&) = delete;

  /// Any status is an answer, not an error. `target` begins with '/'.
  [[nodiscard]] Result<Response> request(std::string_view method, std::string_view target,
                                         const Headers& headers = {}, std::string body = {});

  /// Ends the request under way and every later one with `cancelled`.
  void cancel();

 private:
  struct Impl;
  explicit HttpsClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// A bearer token from a file: one line, surrounding blanks dropped, 1 to 512 visible ASCII characters.
/// Errors name the file and never its content.
[[nodiscard]] Result<Secret> read_token(const std::filesystem::path& file);

}  // namespace mj::agent
