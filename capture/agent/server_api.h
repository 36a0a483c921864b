#pragma once

#include "capture/agent/crypto.h"
#include "capture/agent/https_client.h"
#include "capture/agent/timekeeper.h"

namespace mj::agent {

/// How far the server is with this agent's entries.
struct Position {
  uint64_t next = 1;       ///< the number it wants next
  uint64_t durable = 0;    ///< it has all up to this one for good
  bool key_wanted = true;  ///< it can begin only with a key shot
  friend bool operator==(const Position&, const Position&) = default;
};

/// What the server answered.
struct Answer {
  int status = 0;
  std::optional<Position> position;
  Duration retry_after{0};
  std::string sentence;  ///< what it says is wrong; empty when it says nothing
};

struct Enrolled {
  std::string workstation, agent;
  Duration offset{0};  ///< the server's clock − ours
};

/// The server's HTTP interface, as far as an agent uses it (server/openapi.yaml). Each answer's time goes to
/// the timekeeper.
///
/// Owner: the uplink, or the enrolment; `timekeeper` must outlive it. Threads: one at a time; cancel() from
/// any. Does not: retry, wait. Fails as HttpsClient does; any status is an Answer.
class ServerApi {
 public:
  [[nodiscard]] static Result<std::unique_ptr<ServerApi>> create(const std::string& server,
                                                                 const std::filesystem::path& ca_file,
                                                                 Duration timeout, Timekeeper& timekeeper);

  /// Makes `key` known to the server by a one-time code. Errors: also denied (code wrong, used or expired).
  [[nodiscard]] Result<Enrolled> enrol(const std::string& code, const SigningKey& key);
  /// Opens a session by signing a challenge; what follows speaks in it. 200, or why not.
  [[nodiscard]] Result<Answer> sign_in(const std::string& workstation, const SigningKey& key);
  [[nodiscard]] Result<Answer> position();
  /// `first_available`: numbers before it are gone for ever.
  [[nodiscard]] Result<Answer> send(uint64_t first_available, BytesView entries);

  void cancel() { client_->cancel(); }

 private:
  ServerApi(std::unique_ptr<HttpsClient> client, Timekeeper& timekeeper)
      : client_(std::move(client)), timekeeper_(timekeeper) {}
  struct Reply;
  [[nodiscard]] Result<Reply> ask(const std::string& method, const std::string& target, std::string body,
                                  const char* content_type);

  std::unique_ptr<HttpsClient> client_;
  Timekeeper& timekeeper_;
  std::string screen_;  ///< path of this workstation's screen
  std::string token_;
};

}  // namespace mj::agent
