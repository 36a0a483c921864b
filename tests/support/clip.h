#pragma once

#include <memory>
#include <string>

#include "config/base/result.h"

namespace mj::test {

/// A planar YUV 4:2:0 picture without space between its planes. Borrowed; sides are even.
struct Picture {
  uint8_t* data = nullptr;
  int width = 0;
  int height = 0;

  [[nodiscard]] uint8_t* chroma() const { return data + width * height; }
  [[nodiscard]] static std::size_t size(int width, int height) {
    return static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3 / 2;
  }
};

/// A film that never ends: decodes a file frame by frame and begins again after the last one.
/// Owner: one camera. Thread: its owner's. Does not: keep time, the owner asks for the next frame when it is
/// due. Fails: open() says why a file is no film; a frame that cannot be decoded is skipped.
class Clip {
 public:
  [[nodiscard]] static Result<Clip> open(const std::string& path, int skip_frames);
  Clip(Clip&&) noexcept;
  ~Clip();

  /// Decodes the next frame. Errors: corrupt when the whole file holds none.
  [[nodiscard]] Result<void> advance();
  /// The present frame, scaled; `mirrored` left to right.
  void draw(const Picture& picture, bool mirrored);
  [[nodiscard]] double frames_per_second() const;

 private:
  struct Impl;
  explicit Clip(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mj::test
