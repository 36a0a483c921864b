#pragma once

#include <vector>

#include "storage/storage.h"

namespace mj::index {

/// The places of a closed camera segment as its row keeps them: fragments that touch are one place, up to
/// about 2 s, so that a row of 20 million takes 100 bytes and not 500. Nothing that a seek needs is lost: a
/// frame's exact time is in its bytes.
///
/// A key frame begins a place, unless the place before would be shorter than 1.5 s. video_bytes of a joined
/// place reach to the end of its last picture, sound of earlier fragments in between; key_bytes are up to an
/// eighth more than its first picture needs, since they cost as much as the offsets do. Pure. A screen's
/// places are its shots and are not to be joined.
[[nodiscard]] std::vector<storage::FragmentPlace> joined(
    const std::vector<storage::FragmentPlace>& fragments);

}  // namespace mj::index
