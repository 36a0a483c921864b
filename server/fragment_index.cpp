#include "server/fragment_index.h"

#include <algorithm>

namespace mj::server {
namespace {

constexpr uint32_t kU24Max = 0xFFFFFF;

class LittleEndian {
 public:
  void put(uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out_ += static_cast<char>(value >> (8 * i));
  }
  void put_text(std::string_view text) { out_ += text; }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

/// Fragments without a picture (a screen that is as it was) belong to the one before: players skip their
/// bytes and go on showing it. In front of the first picture there is nothing to go on showing.
std::vector<storage::FragmentPlace> pictures_of(const std::vector<storage::FragmentPlace>& fragments) {
  std::vector<storage::FragmentPlace> pictures;
  pictures.reserve(fragments.size());
  for (const storage::FragmentPlace& place : fragments) {
    if (place.video_bytes > 0) {
      pictures.push_back(place);
    } else if (!pictures.empty() && pictures.back().offset + pictures.back().bytes == place.offset) {
      pictures.back().bytes += place.bytes;
      pictures.back().end = std::max(pictures.back().end, place.end);
    }
  }
  return pictures;
}

/// How many fragments follow each other without a hole.
std::size_t contiguous(const std::vector<storage::FragmentPlace>& fragments) {
  std::size_t count = 1;
  while (count < fragments.size() &&
         fragments[count].offset == fragments[count - 1].offset + fragments[count - 1].bytes) {
    ++count;
  }
  return count;
}

Result<void> put_fragment(LittleEndian& out, WallTime segment_start, const storage::FragmentPlace& place) {
  const int64_t start_us = (place.start - segment_start).count();
  const int64_t audio_bytes = static_cast<int64_t>(place.bytes) - place.video_bytes;
  if (start_us < 0 || start_us > UINT32_MAX || audio_bytes < 0 || audio_bytes > kU24Max) {
    return fail(ErrorKind::internal, "fragment at {} does not fit into the fragment index",
                format_rfc3339(place.start));
  }
  out.put(static_cast<uint64_t>(start_us), 4);
  out.put(place.video_bytes, 4);
  out.put(std::min(place.key_bytes, kU24Max), 3);
  out.put(static_cast<uint64_t>(audio_bytes), 3);
  return {};
}

}  // namespace

Result<std::string> encode_fragment_index(const std::vector<index::IndexedSegment>& segments) {
  LittleEndian heads, places;
  uint32_t segment_count = 0, fragment_count = 0;
  for (const auto& segment : segments) {
    const auto fragments = pictures_of(segment.fragments);
    if (fragments.empty()) continue;
    const std::size_t count = contiguous(fragments);
    const WallTime start = segment.segment.start;
    const WallTime end = count == fragments.size() ? segment.end : fragments[count - 1].end;
    const uint64_t first_offset = fragments.front().offset;
    const int64_t duration_us = (end - start).count();
    if (duration_us < 0 || duration_us > UINT32_MAX || first_offset > UINT32_MAX) {
      return fail(ErrorKind::internal, "segment {} does not fit into the fragment index",
                  format_rfc3339(start));
    }
    heads.put(static_cast<uint64_t>(to_us(start)), 8);
    heads.put(static_cast<uint64_t>(to_us(segment.run_start)), 8);
    heads.put(static_cast<uint64_t>(duration_us), 4);
    heads.put(first_offset, 4);
    heads.put(count, 4);
    heads.put(segment.segment.open ? 1 : 0, 4);
    for (std::size_t i = 0; i < count; ++i) {
      MJ_CHECK(put_fragment(places, start, fragments[i]));
    }
    ++segment_count;
    fragment_count += static_cast<uint32_t>(count);
  }
  LittleEndian out;
  out.put_text("MJI1");
  out.put(segment_count, 4);
  out.put(fragment_count, 4);
  out.put(0, 4);
  out.put_text(heads.take());
  out.put_text(places.take());
  return out.take();
}

}  // namespace mj::server
