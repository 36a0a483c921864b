#pragma once

#include <memory>
#include <string>

#include "capture/agent/grabber.h"
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

/// Turns pictures of one size into one lossless H.264 stream: High 4:4:4 Predictive with quantizer 0
/// (transform bypass), full-range BT.709, no B-frames, one picture in → one access unit out. What a decoder
/// gives back is bit for bit what `input_sha256` was computed of; between RGB and that 4:4:4 picture lies
/// only the rounding of the colour conversion (±1 of 255).
///
/// Owner: the agent. Thread: one at a time (x264 runs in a thread of the pipeline). Does not: scale, drop,
/// re-time. Fails as Result; after an error the encoder is useless and a new one must be made (which begins
/// with a key frame).
class Encoder {
 public:
  /// An encoder for pictures like this one. Errors: invalid (an element is not installed), unavailable.
  [[nodiscard]] static Result<std::unique_ptr<Encoder>> create(const Picture& like);
  ~Encoder();
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  /// True when `picture` has the size this encoder was made for.
  [[nodiscard]] bool fits(const Picture& picture) const;

  /// `force_key` asks for an IDR picture; the first picture always is one. Errors: unavailable (10 s),
  /// internal.
  [[nodiscard]] Result<EncodedPicture> encode(const Picture& picture, bool force_key);

 private:
  struct Impl;
  explicit Encoder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mj::agent
