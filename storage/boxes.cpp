#include "storage/boxes.h"

namespace mj::storage {

uint64_t ByteReader::number(std::size_t width) {
  if (bytes_.size() < width) {
    ok_ = false;
    bytes_ = {};
    return 0;
  }
  uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i) value = (value << 8) | bytes_[i];
  bytes_ = bytes_.subspan(width);
  return value;
}

void ByteReader::skip(std::size_t bytes) {
  if (bytes_.size() < bytes) ok_ = false;
  bytes_ = bytes_.subspan(std::min(bytes, bytes_.size()));
}

FullBox read_full_box(ByteReader& reader) {
  const uint32_t word = reader.u32();
  return {word >> 24, word & 0xFFFFFF};
}

std::optional<BoxHeader> read_box_header(BytesView bytes, uint64_t room) {
  ByteReader reader(bytes);
  BoxHeader header;
  header.bytes = reader.u32();
  header.type = reader.u32();
  header.header_bytes = 8;
  if (header.bytes == 1) {
    header.bytes = reader.u64();
    header.header_bytes = 16;
  }
  if (!reader.ok() || header.bytes < header.header_bytes || header.bytes > room) return std::nullopt;
  return header;
}

const Box* BoxCursor::next() {
  if (left_.empty() || broken_) return nullptr;
  const auto header = read_box_header(left_, left_.size());
  if (!header) {
    broken_ = true;
    return nullptr;
  }
  const BytesView whole = left_.first(header->bytes);
  left_ = left_.subspan(header->bytes);
  box_ = {header->type, whole, whole.subspan(header->header_bytes)};
  return &box_;
}

std::optional<Box> find_box(BytesView payload, BoxType type) {
  BoxCursor cursor(payload);
  while (const Box* box = cursor.next()) {
    if (box->type == type) return *box;
  }
  return std::nullopt;
}

void put_number(std::span<uint8_t> into, uint64_t value) {
  for (std::size_t i = into.size(); i > 0; --i, value >>= 8) into[i - 1] = static_cast<uint8_t>(value);
}

void append_number(Bytes& out, uint64_t value, std::size_t width) {
  out.resize(out.size() + width);
  put_number(std::span(out).last(width), value);
}

Bytes make_box(BoxType type, BytesView payload) {
  Bytes box;
  box.reserve(8 + payload.size());
  append_number(box, 8 + payload.size(), 4);
  append_number(box, type, 4);
  box.insert(box.end(), payload.begin(), payload.end());
  return box;
}

}  // namespace mj::storage
