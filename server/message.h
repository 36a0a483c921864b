#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "config/config.h"
#include "index/index.h"
#include "server/net.h"
#include "server/strict_json.h"
#include "server/target.h"

/// What handlers take and give: a request and an answer without the connection they travel on.
namespace mj::server {

/// Who asks, as far as it was proven.
struct Principal {
  enum class Kind { nobody, person, feed, workstation };
  Kind kind = Kind::nobody;
  std::string id;          ///< of the feed or workstation
  std::string agent;       ///< of the workstation; empty: it came with a token of the settings
  index::Account account;  ///< of the person
};

struct Request {
  http::verb method = http::verb::get;
  Target target;
  std::vector<std::pair<std::string_view, std::string>>
      params;  ///< of the route's pattern; the names are the pattern's
  http::fields header;
  Bytes body;
  Principal who;
  asio::ip::address peer;
  bool tls = false;

  /// A parameter that the route's pattern has; asking for another is our bug.
  [[nodiscard]] const std::string& param(std::string_view name) const;
  [[nodiscard]] std::string field(http::field name) const;
};

/// Bytes that are read while they are sent. `read` runs on the work pool, never twice at once; an error or a
/// short piece breaks the connection, so that nobody takes half a segment for a whole one.
struct Stream {
  uint64_t bytes = 0;
  std::function<Result<Bytes>(uint64_t offset, uint32_t bytes)> read;
};

struct Response {
  http::status status = http::status::ok;
  http::fields header;
  /// Owned text, bytes of the program itself, or a stream.
  std::variant<std::string, std::string_view, Stream> body = std::string();

  [[nodiscard]] uint64_t body_bytes() const;
};

[[nodiscard]] Response json_answer(const json::value& value, http::status status = http::status::ok);
[[nodiscard]] Response binary_answer(std::string bytes, std::string_view content_type);
[[nodiscard]] Response empty_answer(http::status status);

/// {"error":{"kind","message","path"?}} with the status that openapi.yaml gives the kind.
[[nodiscard]] Response error_answer(const Error& error, const std::string& path = "");
[[nodiscard]] Response refusal_answer(const Refusal& refusal);
[[nodiscard]] Response error_answer(http::status status, const Error& error, const std::string& path = "");
[[nodiscard]] http::status status_of(ErrorKind kind);
[[nodiscard]] json::object error_object(const Error& error, const std::string& path);

/// The same answer with Retry-After.
[[nodiscard]] Response retry_after(Response response, std::chrono::seconds wait);

}  // namespace mj::server
