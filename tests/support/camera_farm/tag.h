#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// The tag in each video frame: ASCII (so no emulation prevention is needed) in an SEI,
/// user_data_unregistered. "cam" is a hash of the camera's path, "s" the farm's number of the session, "n"
/// counts the video frames that this session handed to its socket, from 1; "us" is the sender's
/// CLOCK_REALTIME when it did.
namespace mj::test::farm {

inline constexpr std::string_view kTagTemplate =
    "FARMTAG cam=00000000 s=00000000 n=0000000000 us=0000000000000000";

/// FNV-1a of a camera's path ("hd/cam001"), as in its tags.
[[nodiscard]] constexpr uint32_t path_hash(std::string_view path) {
  uint32_t hash = 2166136261U;
  for (const char c : path) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619U;
  return hash;
}

}  // namespace mj::test::farm
