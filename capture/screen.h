#pragma once

#include <deque>
#include <memory>
#include <mutex>

#include "capture/fragmenter.h"
#include "capture/stream_state.h"
#include "capture/upload_quota.h"

namespace mj::capture {

/// One workstation's screen: entries of its agent become fragments and outages, each exactly once, in order.
/// A shot is one fragment, a `same` a fragment without samples, a state an outage that the agent attests.
///
/// A run begins at a key shot. Where one is wanted (after a start, a silence, a state, a disk that failed)
/// and the next entry is none, the agent sends from its last key shot on: shots that were taken before serve
/// as references, and become one fragment with the new one, each lasting one tick, so that the file can be
/// decoded by itself and nothing lies twice in time.
///
/// Owner: ScreenIntake; `clock`, `outlet` and `pool` must outlive it. Threads: any; calls exclude each other.
/// Does not: decode, authenticate, keep pictures beyond a call. Fails: an entry that is refused changes
/// nothing.
class Screen {
 public:
  Screen(const std::string& workstation, const Clock& clock, Outlet& outlet, CommonPool& pool);

  void start();
  /// See Capture::accept_entries.
  [[nodiscard]] Accepted accept(const EntryBatch& batch, const KnownEntries& known);
  /// See Capture::position.
  [[nodiscard]] ScreenPosition position(const std::string& agent, const KnownEntries& known);
  /// See Capture::charge_upload.
  [[nodiscard]] Duration charge_upload(uint64_t bytes);
  /// Notices silence.
  void tick();
  void stop();

  [[nodiscard]] StreamStatus status() const;

 private:
  struct Refused {
    Error error;
    Refusal why = Refusal::malformed;
    Duration wait{0};
  };
  using Taken = tl::expected<void, Refused>;
  /// An entry that was taken and is not yet known to be durable.
  struct Kept {
    uint64_t number = 0;
    Digest chain{};
    WallTime at{};
  };

  [[nodiscard]] Duration take_room(const Entry& entry);
  void turn_to(const std::string& agent, const KnownEntries& known);
  void rewind(uint64_t number);
  void say_state_again();
  void skip_gone(uint64_t first_available);
  [[nodiscard]] Taken take(const Entry& entry);
  [[nodiscard]] Taken take_state(const Entry& entry, const EntryRef& ref, WallTime at);
  [[nodiscard]] Taken take_picture(const Entry& entry, const EntryRef& ref, WallTime at);
  void remember_reference(const Entry& entry);
  [[nodiscard]] Taken begin_run(const Entry& entry, const std::vector<const Entry*>& pictures, WallTime at);
  [[nodiscard]] Taken hand_on(Fragment fragment, Duration nominal);
  void want_key();
  void advance(const EntryRef& ref, WallTime at);
  [[nodiscard]] EntryRef checked_ref(const Entry& entry) const;
  [[nodiscard]] WallTime time_of(const Entry& entry) const;
  [[nodiscard]] static tl::unexpected<Refused> refuse(Refusal why, std::string message, Duration wait);

  const std::string workstation_;
  const Clock& clock_;
  Outlet& outlet_;
  CommonPool& pool_;
  UploadQuota uploads_;

  mutable std::mutex mutex_;  // of all below
  StreamState state_;
  AgentStatus agent_;
  Bucket entries_;
  Bucket share_;  // of what all hand on: small entries that need not ask the pool
  bool chain_known_ = true;
  Kept base_;  // the last entry known to be durable, or the enrolment
  std::deque<Kept> kept_;
  std::optional<AttestedState> attested_;  // the agent's last word was this
  std::vector<const Entry*> references_;   // of the batch at hand: from a key shot on, without a hole
  uint64_t last_reference_ = 0;            // number of the entry looked at last

  std::shared_ptr<const Run> run_;
  Bytes record_;  // of run_
  uint32_t sequence_ = 0;
  WallTime last_at_{};
  Duration nominal_{0};  // of the last shot
  SteadyTime heard_;     // when the agent was last heard of
  bool key_wanted_ = true;
  bool stopped_ = false;
};

}  // namespace mj::capture
