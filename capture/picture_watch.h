#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "capture/rtsp/nal_syntax.h"
#include "capture/status.h"

namespace mj::capture {

/// Tells from the sizes and bytes of key pictures whether a camera still films: error pictures, frozen
/// encoders and covered lenses send packets like healthy ones. Owner: a RunBuilder. Thread: its owner's.
/// Does not: decode, nor judge; a hall at night may be dark and still. Fails: never.
class PictureWatch {
 public:
  /// `unit`: a key access unit, NAL units with 4-byte lengths. Returns what the last few look like.
  Look on_key(BytesView unit, rtsp::Codec codec);
  /// Another picture size or codec: what was usual is no measure any more.
  void reset() { *this = PictureWatch(); }

 private:
  static constexpr std::size_t kRemembered = 4;
  void note_hash(std::size_t hash);
  void note_size(std::size_t bytes);

  Look look_ = Look::usual;
  // Encoders number key pictures in turn (idr_pic_id, ITU-T H.264 §7.4.3), so the same picture may have a
  // few forms.
  std::array<std::size_t, kRemembered> hashes_{};
  std::size_t next_hash_ = 0;
  int same_ = 0;                    // in a row
  std::vector<std::size_t> usual_;  // sizes of key pictures that were not small, a ring
  std::size_t next_usual_ = 0;
  int small_ = 0;  // in a row
};

}  // namespace mj::capture
