#pragma once

#include <optional>
#include <string>
#include <vector>

#include "index/model.h"

namespace mj::index {

class Index;
class HoldLog;

/// Who placed or lifted a hold, as they were called then.
struct HoldPerson {
  std::string login, name;
};

/// An interval of a stream.
struct StreamSpan {
  StreamKey stream;
  WallTime from, to;
};

/// Footage a hold came too late for.
struct GoneSpan {
  StreamSpan span;
  std::string rule;
  std::optional<WallTime> deleted;  ///< none: it is being deleted
};

struct Hold {
  int64_t id = 0;
  std::string case_number;  ///< as typed; empty: of streams
  std::string reason;
  HoldPerson by;
  WallTime placed;
  std::optional<WallTime> lifted;  ///< none: in force
  HoldPerson lifted_by;
  std::string lift_reason;
  std::vector<StreamSpan> held;      ///< by stream and time, what overlaps joined
  uint64_t segments = 0, bytes = 0;  ///< closed ones that it protects now
  bool complete = true;              ///< false: there are more, or more is gone
  std::vector<GoneSpan> gone;
};

/// What a hold is to be of: a case, or streams and an interval.
struct HoldOrder {
  std::string case_number;
  std::vector<StreamKey> streams;
  WallTime from, to;
  std::string reason;
  HoldPerson by;
};

/// Holds (保全): footage that no rule deletes until they are lifted. A hold of a case protects what its
/// visits show, also those that are told of later. Owner: whoever asks; the Index must outlive it. Threads:
/// any; every call may block on disk. Does not: decide who may; bring back what is being deleted. Failure:
/// what returned success is in the index and in holds.log. The static functions are for the command line,
/// beside the mingjingd that runs.
class Holds {
 public:
  explicit Holds(Index& index) : index_(index) {}

  struct Filter {
    bool lifted = false;           ///< lifted ones too
    std::optional<int64_t> after;  ///< id of the last hold of the page before
    int limit = 50;                ///< at most kMost
  };
  static constexpr int kMost = 200;
  struct Page {
    std::vector<Hold> holds;      ///< newest first
    std::optional<int64_t> next;  ///< none: that was all
  };

  /// A case without any visit may be held: that protects what comes. Errors: not_found (case, stream),
  /// invalid (no reason, no or both of case and streams, empty interval), no_space, unavailable (holds.log).
  [[nodiscard]] Result<Hold> place(const HoldOrder& order);
  /// Footage stays held while another hold covers it. Errors: not_found, invalid (no reason, lifted before),
  /// and as place().
  [[nodiscard]] Result<Hold> lift(int64_t id, const std::string& reason, const HoldPerson& by);
  [[nodiscard]] Result<Page> list(const Filter& filter) const;

  /// Errors of all three: also not_found (no index yet), unavailable (another version).
  [[nodiscard]] static Result<Hold> place(const std::filesystem::path& directory, const HoldOrder& order,
                                          const Clock& clock);
  [[nodiscard]] static Result<Hold> lift(const std::filesystem::path& directory, int64_t id,
                                         const std::string& reason, const HoldPerson& by, const Clock& clock);
  [[nodiscard]] static Result<Page> list(const std::filesystem::path& directory, const Filter& filter);

 private:
  Index& index_;
};

}  // namespace mj::index
