#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "config/config.h"

/// Part of index/index.h.
namespace mj::index {

class Index;

/// Whole copies of the index, made while it is written: `index-<yyyymmddThhmmssZ>.db`, one file each, of one
/// moment. Owner: Index, which must outlive it. Threads: one call of make() at a time, in a thread that may
/// take minutes; the writer never waits for it. Does not: copy footage; choose when. Failure: what cannot be
/// made whole, synced and checked is not kept, and the older ones are.
class Backups {
 public:
  explicit Backups(const Index& index) : index_(index) {}

  /// Makes one in `directory` and deletes all but the newest `keep`. `go_on()` is asked now and then; false
  /// ends it. Errors: no_space (also when it would leave less than kSpare free: nothing is begun then),
  /// corrupt (the copy; so is the index), cancelled.
  [[nodiscard]] Result<std::filesystem::path> make(const std::filesystem::path& directory, int keep,
                                                   const std::function<bool()>& go_on) const;
  /// Gives the newest in `directory` a name that make() neither counts nor deletes, for when its index is
  /// gone: what follows are copies of another. None: there was none. Errors: as of the file system.
  [[nodiscard]] static Result<std::optional<std::filesystem::path>> put_newest_aside(
      const std::filesystem::path& directory);
  /// When the newest in `directory` was made.
  [[nodiscard]] static std::optional<WallTime> newest(const std::filesystem::path& directory);

  static constexpr uint64_t kSpare = 512ULL << 20;

 private:
  const Index& index_;
};

/// Whether `directory` has no index: no file, or an empty one. Index::open() would begin a new one.
[[nodiscard]] bool is_lost(const std::filesystem::path& directory);

}  // namespace mj::index
