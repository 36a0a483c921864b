#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "capture/rtsp/message.h"
#include "config/config.h"

namespace mj::capture::rtsp {

/// One WWW-Authenticate offer we can answer (RFC 7616, RFC 7617).
struct Challenge {
  enum class Scheme { basic, digest_md5, digest_sha256 };  ///< weakest first
  Scheme scheme = Scheme::basic;
  std::string realm;
  std::string nonce;
  std::string opaque;
  std::string algorithm;  ///< as offered, echoed
  bool qop_auth = false;
  bool stale = false;  ///< the credentials were right, the nonce too old
};

/// The strongest offer in a 401, or nothing when there is none we can answer.
[[nodiscard]] std::optional<Challenge> strongest_challenge(const Message& reply);

struct DigestInput {
  std::string_view user, password, method, uri, cnonce;
  unsigned count = 1;  ///< nc: how often this nonce has been used
};
/// The `response` value of an Authorization header (RFC 7616 §3.4.1), lower-case hexadecimal.
[[nodiscard]] std::string digest_response(const Challenge& challenge, const DigestInput& input);

/// Answers a camera's challenges with its configured credentials.
/// Owner: a camera's source; keeps the challenge across connections so that a reconnect need not be refused
/// first. Threads: its session's. Does not: log, or send anything without having been asked (no pre-emptive
/// Basic). Fails: answer() says denied, and the caller stays away for a long time (cameras lock accounts).
class Authenticator {
 public:
  Authenticator(std::string user, Secret password) : user_(std::move(user)), password_(std::move(password)) {}

  /// Takes a 401. `answered`: the refused request carried our credentials.
  /// Errors: denied (no credentials, wrong ones, or no scheme we know).
  [[nodiscard]] Result<void> answer(const Message& reply, bool answered);

  /// The Authorization value for a request, or "" while nothing has been asked.
  [[nodiscard]] std::string authorization(std::string_view method, std::string_view uri);

  /// Forget the challenge: a refused one must not be used again.
  void reset() { challenge_.reset(); }

 private:
  std::string user_;
  Secret password_;
  std::optional<Challenge> challenge_;
  unsigned count_ = 0;
};

}  // namespace mj::capture::rtsp
