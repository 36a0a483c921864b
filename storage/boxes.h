#pragma once

#include <optional>

#include "config/config.h"

/// The grammar of ISO/IEC 14496-12 boxes, for input that may be torn or hostile: every size is checked
/// against what is there before it is used, nothing recurses, nothing is allocated by a number from the
/// input.
namespace mj::storage {

using BoxType = uint32_t;

[[nodiscard]] constexpr BoxType box_type(const char (&text)[5]) {
  BoxType type = 0;
  for (int i = 0; i < 4; ++i) type = (type << 8) | static_cast<uint8_t>(text[i]);
  return type;
}

/// Extended type of a `uuid` box.
using BoxUuid = std::array<uint8_t, 16>;

/// Big-endian numbers one after the other. Reading past the end yields 0 and makes ok() false for good.
class ByteReader {
 public:
  explicit ByteReader(BytesView bytes) : bytes_(bytes) {}
  [[nodiscard]] uint32_t u32() { return static_cast<uint32_t>(number(4)); }
  [[nodiscard]] uint64_t u64() { return number(8); }
  [[nodiscard]] uint64_t number(std::size_t width);
  void skip(std::size_t bytes);
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::size_t left() const { return bytes_.size(); }

 private:
  BytesView bytes_;
  bool ok_ = true;
};

/// Version and flags of a full box, ISO/IEC 14496-12 §4.2.
struct FullBox {
  uint32_t version = 0;
  uint32_t flags = 0;
};
[[nodiscard]] FullBox read_full_box(ByteReader& reader);

struct BoxHeader {
  BoxType type = 0;
  uint64_t bytes = 0;         ///< of the whole box
  uint32_t header_bytes = 0;  ///< 8, or 16 with a 64-bit size
};
/// From the first bytes of a box (16 are enough) of which `room` bytes exist in all. None when it does not
/// fit. Size 0, "to the end of the file", does not occur in our files and is what a hole reads as: it does
/// not fit either.
[[nodiscard]] std::optional<BoxHeader> read_box_header(BytesView bytes, uint64_t room);

struct Box {
  BoxType type = 0;
  BytesView whole;  ///< with its header
  BytesView payload;
};

/// The boxes in a container's payload. Stops at the first that does not fit; broken() then tells it from the
/// end.
class BoxCursor {
 public:
  explicit BoxCursor(BytesView payload) : left_(payload) {}
  /// Null at the end; else valid until the next call.
  [[nodiscard]] const Box* next();
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  BytesView left_;
  Box box_;
  bool broken_ = false;
};

/// The first box of that type in a container's payload.
[[nodiscard]] std::optional<Box> find_box(BytesView payload, BoxType type);

void put_number(std::span<uint8_t> into, uint64_t value);
void append_number(Bytes& out, uint64_t value, std::size_t width);
/// Header and payload of a box with a 32-bit size.
[[nodiscard]] Bytes make_box(BoxType type, BytesView payload);

}  // namespace mj::storage
