#pragma once

#include <condition_variable>
#include <mutex>
#include <vector>

#include "config/base/time.h"
#include "tests/agent/shot_reader.h"
#include "tests/agent/tls_server.h"
#include "tests/support/temporary_directory.h"

namespace mj::test {

/// The server's side of POST /api/v1/screens/{workstation}/shots, which keeps what it gets and refuses what
/// it is told to. Owner: the test. Threads: the TlsServer's; what the test calls is safe from its own.
class FakeIntake {
 public:
  static constexpr const char* kToken = "workstation-token-0123456789";

  FakeIntake();

  [[nodiscard]] std::string url() const { return server_->url(); }
  [[nodiscard]] std::filesystem::path ca_file() const { return ca_file_; }
  [[nodiscard]] std::filesystem::path token_file() const { return token_file_; }
  [[nodiscard]] const TemporaryDirectory& folder() const { return folder_; }

  /// The next requests are answered so, one each, and their shots are not kept.
  void refuse_next(std::vector<Reply> replies);
  /// Answers say that a key frame is wanted until a shot is one.
  void want_key();
  /// How far this server's clock is ahead of the machine's.
  void set_clock(Duration ahead);

  /// Waits up to 20 s until that many shots were kept or refused, and gives all those kept.
  std::vector<ReceivedShot> wait_for_shots(std::size_t kept);
  void wait_for_refusals(std::size_t refused);
  /// Paths and authorizations that no agent should send; empty when all is well.
  [[nodiscard]] std::string complaints();

 private:
  Reply serve(const ServedRequest& request);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<ReceivedShot> shots_;
  std::vector<Reply> refusals_;
  std::size_t refused_ = 0;
  std::string complaints_;
  bool key_wanted_ = false;
  Duration ahead_{0};
  const TemporaryDirectory folder_;
  const CertificatePair pair_ = make_certificate("IP:127.0.0.1");
  const std::filesystem::path ca_file_ = folder_.file("ca.pem", pair_.certificate_pem);
  const std::filesystem::path token_file_ = folder_.file("token", std::string(kToken) + "\n");
  std::unique_ptr<TlsServer> server_;  // last: stops before the rest goes
};

}  // namespace mj::test
