#pragma once

#include <memory>
#include <string>

#include "capture/agent/changes.h"
#include "config/config.h"

namespace mj::agent {

/// One encoded shot.
struct EncodedPicture {
  bool key = false;          ///< an IDR picture: decodes without what came before
  std::string avc_config;    ///< AVCDecoderConfigurationRecord (ISO/IEC 14496-15 §5.3.3.1)
  Bytes access_unit;         ///< NAL units, each after its length in 4 bytes
  std::string input_sha256;  ///< of the encoder's input: planes Y, U, V, rows top to bottom, exactly `width`
                             ///< bytes each
};

/// What the stream keeps of the encoder's input. It says so itself: qpprime_y_zero_transform_bypass_flag of
/// the SPS (ITU-T H.264 §7.4.2.1.1) is 1 if and only if nothing was lost.
enum class Quality {
  lossless,  ///< quantizer 0, transform bypass: a decoder gives back bit for bit what input_sha256 is of
  near,      ///< quantizer 10: sharp, full colour, but not the same bits
};

/// Turns pictures of one size into one H.264 stream: High 4:4:4 Predictive, full-range BT.709, no B-frames,
/// one picture in → one access unit out. Between RGB and the 4:4:4 picture that is the encoder's input lies
/// only the rounding of the colour conversion (±1 of 255).
///
/// Owner: Screen. Thread: one at a time (x264 runs in a thread of the pipeline). Keeps the encoder's input,
/// so that only what changed is converted. Does not: scale, drop, re-time. Fails as Result; after an error
/// the encoder is useless and a new one must be made (which begins with a key frame).
class Encoder {
 public:
  /// An encoder for pictures like this one. Errors: invalid (an element is not installed), unavailable.
  [[nodiscard]] static Result<std::unique_ptr<Encoder>> create(const Picture& like,
                                                               Quality quality = Quality::lossless);
  ~Encoder();
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  /// True when `picture` has the size this encoder was made for.
  [[nodiscard]] bool fits(const Picture& picture) const;

  /// `changed`: what differs from the picture before; of the first picture it must be all. `force_key` asks
  /// for an IDR picture; the first picture always is one. Errors: unavailable (10 s), internal.
  [[nodiscard]] Result<EncodedPicture> encode(const Picture& picture, const Tiles& changed, bool force_key);

 private:
  struct Impl;
  explicit Encoder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mj::agent
