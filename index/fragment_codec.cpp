#include "index/fragment_codec.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <optional>

namespace mj::index {

namespace {

using Column = std::vector<uint64_t>;

constexpr unsigned kPlain = 0x80;  // beside the width: the step is 1 and not there

constexpr uint64_t zigzag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}
constexpr int64_t unzigzag(uint64_t value) {
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

void put_varint(Bytes& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<uint8_t>(value | 0x80));
  out.push_back(static_cast<uint8_t>(value));
}

void put_column(Bytes& out, const Column& values) {
  if (values.empty()) return;
  const auto [low, high] = std::ranges::minmax(values);
  uint64_t step = 0;  // frame durations and audio blocks come in multiples
  for (const uint64_t value : values) step = std::gcd(step, value - low);
  const int width = step == 0 ? 0 : static_cast<int>(std::bit_width((high - low) / step));
  put_varint(out, low);
  const bool plain = step <= 1;
  out.push_back(static_cast<uint8_t>(width | (plain && width != 0 ? kPlain : 0)));
  if (width == 0) return;
  if (!plain) put_varint(out, step);
  uint8_t byte = 0;
  int filled = 0;
  for (const uint64_t value : values) {
    const uint64_t steps = (value - low) / step;
    for (int bit = width - 1; bit >= 0; --bit) {
      byte = static_cast<uint8_t>((byte << 1) | ((steps >> bit) & 1));
      if (++filled == 8) {
        out.push_back(byte);
        byte = 0;
        filled = 0;
      }
    }
  }
  if (filled != 0) out.push_back(static_cast<uint8_t>(byte << (8 - filled)));
}

/// Reads what put_* wrote, never beyond the end.
class Source {
 public:
  explicit Source(BytesView bytes) : bytes_(bytes) {}

  [[nodiscard]] std::optional<uint64_t> varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (bytes_.empty()) return std::nullopt;
      const uint8_t byte = bytes_.front();
      bytes_ = bytes_.subspan(1);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return std::nullopt;
  }

  [[nodiscard]] std::optional<Column> column(size_t count) {
    Column values(count);
    if (count == 0) return values;
    const auto low = varint();
    if (!low || bytes_.empty()) return std::nullopt;
    const bool plain = (bytes_.front() & kPlain) != 0;
    const unsigned width = bytes_.front() & ~kPlain;
    bytes_ = bytes_.subspan(1);
    if (width > 64) return std::nullopt;
    const auto step = width == 0 || plain ? std::optional<uint64_t>(plain ? 1 : 0) : varint();
    if (!step) return std::nullopt;
    const size_t whole = (count * width + 7) / 8;
    if (bytes_.size() < whole) return std::nullopt;
    size_t bit = 0;
    for (uint64_t& value : values) {
      uint64_t delta = 0;
      for (unsigned i = 0; i < width; ++i, ++bit) {
        delta = (delta << 1) | ((bytes_[bit / 8] >> (7 - bit % 8)) & 1U);
      }
      if (__builtin_mul_overflow(delta, *step, &delta)) return std::nullopt;
      if (__builtin_add_overflow(*low, delta, &value)) return std::nullopt;
    }
    bytes_ = bytes_.subspan(whole);
    return values;
  }

  [[nodiscard]] bool at_end() const { return bytes_.empty(); }

 private:
  BytesView bytes_;
};

struct Columns {
  Column distance, duration, audio, video, key, key_bytes;
};

std::optional<Columns> read_columns(BytesView blob) {
  Source source(blob);
  const auto count = source.varint();
  if (!count || *count > kMaxFragments) return std::nullopt;
  Columns columns;
  for (Column* column :
       {&columns.distance, &columns.duration, &columns.audio, &columns.video, &columns.key}) {
    auto values = source.column(*count);
    if (!values) return std::nullopt;
    *column = std::move(*values);
  }
  const bool flags = std::ranges::all_of(columns.key, [](uint64_t key) { return key <= 1; });
  if (!flags) return std::nullopt;
  auto keys = source.column(static_cast<size_t>(std::ranges::count(columns.key, uint64_t{1})));
  if (!keys || !source.at_end()) return std::nullopt;
  columns.key_bytes = std::move(*keys);
  return columns;
}

constexpr uint64_t kMaxBytes = std::numeric_limits<uint32_t>::max();
constexpr int64_t kMaxSpanUs = 10LL * 365 * 24 * 3600 * 1'000'000;  // a fragment is never ten years away

bool near(WallTime a, WallTime b) {
  return a - b <= Duration(kMaxSpanUs) && b - a <= Duration(kMaxSpanUs);
}

/// Fragment i of the columns, after one that ended at (`end`, `offset`).
std::optional<storage::FragmentPlace> place_at(const Columns& columns, size_t i, size_t key, WallTime end,
                                               uint64_t offset, WallTime segment_start) {
  const int64_t distance = unzigzag(columns.distance[i]);
  const int64_t duration = unzigzag(columns.duration[i]);
  if (distance < -kMaxSpanUs || distance > kMaxSpanUs || duration < 0 || duration > kMaxSpanUs)
    return std::nullopt;
  if (columns.audio[i] > kMaxBytes || columns.video[i] > kMaxBytes - columns.audio[i]) return std::nullopt;
  storage::FragmentPlace place;
  place.start = end + Duration(distance);
  place.end = place.start + Duration(duration);
  if (!near(place.start, segment_start) || !near(place.end, segment_start)) return std::nullopt;
  place.offset = offset;
  place.video_bytes = static_cast<uint32_t>(columns.video[i]);
  place.bytes = static_cast<uint32_t>(columns.video[i] + columns.audio[i]);
  if (columns.key[i] == 1) {
    if (columns.key_bytes[key] == 0 || columns.key_bytes[key] > columns.video[i]) return std::nullopt;
    place.key_bytes = static_cast<uint32_t>(columns.key_bytes[key]);
  }
  return place;
}

bool packable(const storage::FragmentPlace& place, WallTime segment_start, uint64_t offset) {
  return place.offset == offset && place.end >= place.start && near(place.start, segment_start) &&
         near(place.end, segment_start) && place.video_bytes <= place.bytes &&
         place.key_bytes <= place.video_bytes;
}

}  // namespace

Result<Bytes> encode_fragments(const std::vector<storage::FragmentPlace>& fragments, WallTime segment_start,
                               uint32_t header_bytes) {
  if (fragments.size() > kMaxFragments) {
    return fail(ErrorKind::invalid, "{} fragments in one segment", fragments.size());
  }
  Columns columns;
  WallTime end = segment_start;
  uint64_t offset = header_bytes;
  for (const auto& place : fragments) {
    if (!packable(place, segment_start, offset)) {
      return fail(ErrorKind::invalid, "fragment at {} does not follow the one before", place.offset);
    }
    columns.distance.push_back(zigzag((place.start - end).count()));
    columns.duration.push_back(zigzag((place.end - place.start).count()));
    columns.audio.push_back(place.bytes - place.video_bytes);
    columns.video.push_back(place.video_bytes);
    columns.key.push_back(place.key_bytes != 0 ? 1 : 0);
    if (place.key_bytes != 0) columns.key_bytes.push_back(place.key_bytes);
    end = place.end;
    offset += place.bytes;
  }
  Bytes blob;
  put_varint(blob, fragments.size());
  for (const Column* column : {&columns.distance, &columns.duration, &columns.audio, &columns.video,
                               &columns.key, &columns.key_bytes}) {
    put_column(blob, *column);
  }
  return blob;
}

Result<std::vector<storage::FragmentPlace>> decode_fragments(BytesView blob, WallTime segment_start,
                                                             uint32_t header_bytes) {
  const auto columns = read_columns(blob);
  if (!columns) return fail(ErrorKind::corrupt, "fragment list of {} bytes is damaged", blob.size());
  std::vector<storage::FragmentPlace> fragments;
  fragments.reserve(columns->distance.size());
  WallTime end = segment_start;
  uint64_t offset = header_bytes;
  size_t key = 0;
  for (size_t i = 0; i < columns->distance.size(); ++i) {
    const auto place = place_at(*columns, i, key, end, offset, segment_start);
    if (!place) return fail(ErrorKind::corrupt, "fragment {} of the list is out of range", i);
    key += columns->key[i];
    end = place->end;
    offset += place->bytes;
    fragments.push_back(*place);
  }
  return fragments;
}

bool fragments_touch(BytesView blob) {
  Source source(blob);
  const auto count = source.varint();
  if (!count || *count > kMaxFragments) return false;
  const auto distances = source.column(*count);
  return distances && std::ranges::all_of(*distances, [](uint64_t d) { return unzigzag(d) <= 0; });
}

}  // namespace mj::index
