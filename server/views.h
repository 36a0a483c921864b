#pragma once

#include <condition_variable>
#include <list>
#include <mutex>

#include "index/index.h"
#include "index/register.h"
#include "server/message.h"

namespace mj::server {

/// What `who` did, to be completed. `action`: one of index::kRegisterActions.
[[nodiscard]] index::RegisterEntry entry_of(const Principal& who, std::string_view action);

/// Remembers who opened what, so that looking on adds nothing to the register: an entry stands for ten
/// minutes, for whatever of the same kind lies within its interval. Owner: the Gate; index and clock must
/// outlive it. Threads: any; the first to open something waits for its commit, and others who open the same
/// meanwhile wait with it. Does not: decide who may. Failure: as index::Register::note(); then nothing may be
/// shown. What it forgets (a restart, too many at once) is registered once more.
class Views {
 public:
  Views(index::Index& index, const Clock& clock) : register_(index), clock_(clock) {}

  /// [from, to) of a stream, rounded outwards to whole minutes.
  [[nodiscard]] Result<void> open(const Principal& who, const StreamKey& stream, WallTime from, WallTime to);
  /// Anything else that is seen.
  [[nodiscard]] Result<void> open(index::RegisterEntry entry);

  /// Whether any moment of the stream is open to them now.
  [[nodiscard]] bool is_open(const Principal& who, const StreamKey& stream);

 private:
  struct Opened {
    index::RegisterEntry entry;
    SteadyTime at;
    bool opening = true;  ///< its commit is awaited
  };
  using Place = std::list<Opened>::iterator;

  /// The newest that `entry` lies within; the end: none.
  [[nodiscard]] Place find(const index::RegisterEntry& entry);
  [[nodiscard]] bool stands(const Opened& opened) const;
  void forget_oldest();

  index::Register register_;
  const Clock& clock_;
  std::mutex mutex_;  ///< guards what follows
  std::condition_variable changed_;
  std::list<Opened> opened_;  ///< oldest first
};

}  // namespace mj::server
