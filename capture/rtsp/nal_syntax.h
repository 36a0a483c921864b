#pragma once

#include <memory>

#include "capture/rtsp/sdp.h"
#include "config/config.h"

namespace mj::capture::rtsp {

constexpr int64_t kMaxPicturePixels = 64'000'000;  ///< a larger picture is a lie or an attack

/// What a decoder must know before the first picture. Immutable, shared by the units it applies to.
struct VideoConfig {
  Codec codec = Codec::unknown;
  Bytes record;   ///< AVC or HEVC DecoderConfigurationRecord (ISO/IEC 14496-15 §5.3.3.1, §8.3.3.1)
  int width = 0;  ///< pixels, cropped
  int height = 0;
  int reorder_depth = 0;  ///< pictures that may precede one in decoding and follow it in output
};

/// The bits of a NAL unit that matter to a recorder, for one codec; and the parameter sets seen so far.
/// Owner: a depacketizer. Does not: decode. Fails: what does not parse is ignored, the last good sets stay.
class NalSyntax {
 public:
  enum class Kind {
    picture,      ///< a slice
    key_picture,  ///< a slice of a picture that decoding can start at
    parameters,   ///< VPS, SPS or PPS
    other,        ///< SEI, delimiters, private ones: kept as sent
  };

  virtual ~NalSyntax() = default;
  [[nodiscard]] virtual Kind kind(BytesView nal) const = 0;
  /// Of a slice: is it the first of its picture?
  [[nodiscard]] virtual bool begins_picture(BytesView nal) const = 0;
  /// Of a slice: can every decoder show it without what came before?
  [[nodiscard]] virtual bool is_intra(BytesView) const { return false; }
  /// Of an SEI: does it say that an intra picture may be begun with, as a key picture may?
  [[nodiscard]] virtual bool says_recovery(BytesView) const { return false; }
  /// Takes a parameter set from the SDP or the stream.
  virtual void learn(BytesView nal) = 0;
  /// For the pictures that follow; null until the sets are complete. The same object while nothing changes.
  [[nodiscard]] virtual std::shared_ptr<const VideoConfig> config() = 0;
};

}  // namespace mj::capture::rtsp
