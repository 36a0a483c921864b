#include "tests/agent/stored_pictures.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "tests/agent/h264_decoder.h"
#include "tests/support/decoder.h"

namespace mj::test {

namespace {

/// The payload of the file's avcC box.
std::string avc_config(const std::string& file) {
  const std::size_t at = file.find("avcC");
  if (at == std::string::npos || at < 4) throw std::runtime_error("no avcC box");
  std::size_t size = 0;
  for (std::size_t i = at - 4; i < at; ++i) size = size << 8 | static_cast<unsigned char>(file[i]);
  return file.substr(at + 4, size - 8);
}

/// A `same` says an empty digest: it has no picture.
std::vector<std::string> digests_said(const std::string& file) {
  constexpr std::string_view kKey = "\"input_sha256\":\"";
  constexpr std::size_t kHexDigits = 64;
  std::vector<std::string> said;
  for (std::size_t at = file.find(kKey); at != std::string::npos; at = file.find(kKey, at + 1)) {
    std::string digest = file.substr(at + kKey.size(), kHexDigits);
    if (digest.find('"') == std::string::npos) said.push_back(std::move(digest));
  }
  return said;
}

}  // namespace

StoredPictures stored_pictures(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string file{std::istreambuf_iterator<char>(in), {}};
  StoredPictures result;
  result.said = digests_said(file);
  H264Decoder decoder(avc_config(file));
  const auto read = read_video(
      as_bytes(file), [&](BytesView unit) { result.decoded.push_back(decoder.decode(unit).sha256); });
  if (!read) throw std::runtime_error(read.error().message);
  auto next = result.decoded.begin();
  for (const std::string& digest : result.said) {
    const auto found = std::find(next, result.decoded.end(), digest);
    if (found == result.decoded.end()) {
      ++result.wrong;
    } else {
      next = found + 1;
    }
  }
  return result;
}

std::vector<std::filesystem::path> stored_files(const std::filesystem::path& store,
                                                const std::string& stream) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(store)) {
    const std::string path = entry.path().string();
    if (entry.is_regular_file() && path.find(stream) != std::string::npos &&
        entry.path().filename().string().find(".mp4") != std::string::npos)
      files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace mj::test
