#pragma once

#include "storage/file_window.h"
#include "storage/movie.h"
#include "storage/storage.h"

namespace mj::storage {

/// Finds the whole fragments of a segment file behind its head: `prft [uuid] moof mdat [moof mdat]`, again
/// and again; the moof of a screen that is as it was has no samples. A fragment is whole when its video is:
/// what follows as audio is kept as far as it is whole too. Ends without error where the file ends, is torn,
/// or holds anything else; only a read that fails is an error. Every box is consumed, so it ends. Owner: one
/// inspection; `window` and `out` must outlive it. Thread: one.
class FragmentWalk {
 public:
  FragmentWalk(FileWindow& window, std::span<const Track> tracks, FoundSegment& out)
      : window_(window), tracks_(tracks), out_(out) {}

  /// Fills `fragments`, `shots`, `bytes` and `end` of `out`.
  [[nodiscard]] Result<void> run(uint64_t from);

 private:
  /// The boxes since the last mdat.
  struct Group {
    uint64_t begin = 0;
    uint64_t moof_begin = 0;
    std::optional<uint64_t> ntp;
    std::optional<capture::ShotFacts> shot;
    std::optional<MovieFragment> moof;
  };

  [[nodiscard]] Result<bool> step();
  [[nodiscard]] Result<bool> read_small(const BoxHeader& header);
  [[nodiscard]] bool take_moof(BytesView payload);
  [[nodiscard]] bool take_mdat(const BoxHeader& header);
  void add_video(const MovieFragment& moof, uint64_t data_begin, uint64_t end);

  FileWindow& window_;
  std::span<const Track> tracks_;
  FoundSegment& out_;
  uint64_t at_ = 0;
  Group group_;
};

}  // namespace mj::storage
