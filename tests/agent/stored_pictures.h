#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace mj::test {

/// What a screen's file gives back.
struct StoredPictures {
  std::vector<std::string> said;     ///< `input_sha256` of its shots, in order
  std::vector<std::string> decoded;  ///< SHA-256 of every picture in it, decoded to 4:4:4, in order
  std::size_t wrong = 0;             ///< shots whose picture is not, in its place, among those decoded
};

/// Reads a segment's file as a stranger would, with libavformat and libavcodec, and the facts beside its
/// pictures. A run that begins between two key shots holds the pictures in between too. Throws when a picture
/// cannot be decoded.
[[nodiscard]] StoredPictures stored_pictures(const std::filesystem::path& file);

/// The files of a stream in a store, oldest first.
[[nodiscard]] std::vector<std::filesystem::path> stored_files(const std::filesystem::path& store,
                                                              const std::string& stream);

}  // namespace mj::test
