#pragma once

#include "capture/capture.h"

namespace mj::capture {

/// The whole `uuid` box: {"title":…,"program":…,"user":…,"idle_ms":…,"agent_time_us":…,"input_sha256":…,
/// "kind":"shot"|"same","locked":…,"monitors":[[x,y,w,h],…],"error_us":…,"nominal_us":…,"configured_us":…},
/// of an agent's entry also "agent","number","chain" and, where it does not hold, "chain_breaks":true. Text
/// must be valid UTF-8. parse_shot_box() of capture.h is its reader.
[[nodiscard]] Bytes encode_shot_box(const ShotFacts& facts);

/// Valid UTF-8 of at most `most` bytes: what is no character becomes U+FFFD, a cut never splits a character.
[[nodiscard]] std::string clean_utf8(std::string_view text, std::size_t most);

}  // namespace mj::capture
