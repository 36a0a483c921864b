#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

#include "config/base/time.h"
#include "tests/agent/entry_reader.h"
#include "tests/agent/tls_server.h"
#include "tests/support/temporary_directory.h"

namespace mj::test {

/// The server's side of the agents' protocol, in memory: enrolment, sessions with checked signatures,
/// positions and entries, with faults on demand. Owner: the test. Threads: the TlsServer's; what the test
/// calls is safe from its own.
class FakeIntake {
 public:
  static constexpr const char* kCode = "ABCD-EFGH-JKLM";

  FakeIntake();

  [[nodiscard]] std::string url() const { return server_->url(); }
  [[nodiscard]] std::filesystem::path ca_file() const { return ca_file_; }
  [[nodiscard]] const TemporaryDirectory& folder() const { return folder_; }

  /// Enrols a key (32 bytes) without a code.
  void know(BytesView public_key);
  void revoke();
  /// Tokens given out so far are worth nothing.
  void end_sessions();
  /// The next posts of entries are answered so, one each, and nothing of them is kept.
  void refuse_next(std::vector<Reply> replies);
  /// The next posts are taken, but their answers never arrive.
  void lose_answers(int answers);
  /// An entry with this number is malformed, whatever it is.
  void dislike(uint64_t number);
  /// Entries above `durable` were never written down; a key is wanted.
  void restart(uint64_t durable);
  /// Entries become durable only up to this number.
  void hold_durable(uint64_t durable);
  /// How far this server's clock is ahead of the machine's.
  void set_clock(Duration ahead);

  /// Waits up to 20 s until that many entries were taken or posts refused; gives the entries in order.
  std::vector<ReceivedEntry> wait_for_entries(std::size_t taken);
  std::vector<ReceivedEntry> wait_for_number(uint64_t number);
  void wait_for_refusals(std::size_t refused);
  /// Until `true_now` says so of all entries taken.
  std::vector<ReceivedEntry> wait_until(
      const std::function<bool(const std::vector<ReceivedEntry>&)>& true_now);
  /// What no agent should send; empty when all is well.
  [[nodiscard]] std::string complaints();
  /// Numbers that will never come, as the agent says.
  [[nodiscard]] std::vector<uint64_t> missing();
  /// Numbers of references that were sent again before the entry wanted.
  [[nodiscard]] std::vector<uint64_t> references();
  [[nodiscard]] std::size_t posts();
  [[nodiscard]] std::size_t most_bytes();

 private:
  Reply serve(const ServedRequest& request);
  Reply enrol(const ServedRequest& request);
  Reply open_session(const ServedRequest& request);
  Reply post(const ServedRequest& request);
  /// Takes what can be taken; the status and what is wrong.
  std::pair<int, std::string> take(const std::vector<ReceivedEntry>& entries, uint64_t first_available);
  std::pair<int, std::string> take_one(const ReceivedEntry& entry,
                                       const std::vector<ReceivedEntry>& references);
  [[nodiscard]] Reply position_answer(int status, const std::string& error);
  [[nodiscard]] Reply timed(int status, boost::json::object body, const std::string& error = "");
  [[nodiscard]] bool signed_by_agent(const std::string& message, const std::string& signature) const;

  std::mutex mutex_;
  std::condition_variable changed_;
  Bytes public_key_;
  bool revoked_ = false;
  int session_ = 0;
  std::map<uint64_t, ReceivedEntry> taken_;
  uint64_t next_ = 1, hold_durable_ = UINT64_MAX;
  bool key_wanted_ = true;
  std::vector<uint64_t> missing_, references_;
  uint64_t disliked_ = 0;
  std::vector<Reply> refusals_;
  int lost_answers_ = 0;
  std::size_t refused_ = 0, posts_ = 0, most_bytes_ = 0;
  std::string complaints_;
  Duration ahead_{0};
  const TemporaryDirectory folder_;
  const CertificatePair pair_ = make_certificate("IP:127.0.0.1");
  const std::filesystem::path ca_file_ = folder_.file("ca.pem", pair_.certificate_pem);
  std::unique_ptr<TlsServer> server_;  // last: stops before the rest goes
};

}  // namespace mj::test
