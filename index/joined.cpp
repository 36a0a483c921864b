#include "index/joined.h"

#include <algorithm>
#include <limits>

namespace mj::index {

namespace {

using storage::FragmentPlace;

constexpr Duration kLongestPlace =
    std::chrono::milliseconds(2'100);  // 2 s and the wobble of a camera's ticks
constexpr Duration kShortest = std::chrono::milliseconds(1'500);
constexpr uint32_t kKeyParts = 8;  // key_bytes are told in steps of at most this part of the smallest

bool follows(const FragmentPlace& place, const FragmentPlace& next) {
  if (next.start != place.end || next.offset != place.offset + place.bytes) return false;
  if (next.end - place.start > kLongestPlace) return false;
  if (next.bytes > std::numeric_limits<uint32_t>::max() - place.bytes) return false;
  return next.key_bytes == 0 || (place.key_bytes != 0 && place.end - place.start < kShortest);
}

/// The same step for all places of a segment: what they are then told by has few bits (fragment_codec.h).
void round_key_bytes(std::vector<FragmentPlace>& places) {
  uint32_t smallest = std::numeric_limits<uint32_t>::max();
  for (const auto& place : places) {
    if (place.key_bytes != 0) smallest = std::min(smallest, place.key_bytes);
  }
  const uint32_t step = std::max(smallest / kKeyParts, 1U);
  for (auto& place : places) {
    const uint64_t rounded = (uint64_t{place.key_bytes} + step - 1) / step * step;
    place.key_bytes = static_cast<uint32_t>(std::min<uint64_t>(rounded, place.video_bytes));
  }
}

}  // namespace

std::vector<FragmentPlace> joined(const std::vector<FragmentPlace>& fragments) {
  std::vector<FragmentPlace> places;
  for (const auto& next : fragments) {
    if (places.empty() || !follows(places.back(), next)) {
      places.push_back(next);
      continue;
    }
    FragmentPlace& place = places.back();
    place.end = next.end;
    place.video_bytes = place.bytes + next.video_bytes;
    place.bytes += next.bytes;
  }
  round_key_bytes(places);
  return places;
}

}  // namespace mj::index
