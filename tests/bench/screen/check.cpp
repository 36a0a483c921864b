// Decodes the screens of a store and says whether each picture is, bit for bit in 4:4:4, what its fragment's
// input_sha256 says.
//   screen_check FILE…   one line of JSON per file: {"pictures": n, "wrong": n, "sha": [digests of what was
//   decoded]}
#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <vector>

#include "tests/agent/h264_decoder.h"
#include "tests/support/decoder.h"

namespace {

using namespace mj;

std::string contents(const char* path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The payload of the file's avcC box.
std::string avc_config(const std::string& file) {
  const std::size_t at = file.find("avcC");
  if (at == std::string::npos || at < 4) return {};
  std::size_t size = 0;
  for (std::size_t i = at - 4; i < at; ++i) size = size << 8 | static_cast<unsigned char>(file[i]);
  return file.substr(at + 4, size - 8);
}

void check(const char* path) {
  const std::string file = contents(path);
  std::vector<std::string> said;
  constexpr std::string_view kKey = "\"input_sha256\":\"";
  for (std::size_t at = file.find(kKey); at != std::string::npos; at = file.find(kKey, at + 1)) {
    const std::string digest = file.substr(at + kKey.size(), 64);
    if (digest.find('"') == std::string::npos) said.push_back(digest);
  }
  test::H264Decoder decoder(avc_config(file));
  std::string list;
  std::size_t pictures = 0, wrong = 0;
  const auto read = test::read_video(as_bytes(file), [&](BytesView unit) {
    const std::string digest = decoder.decode(unit).sha256;
    wrong += pictures >= said.size() || said[pictures] != digest ? 1 : 0;
    list += fmt::format("{}\"{}\"", list.empty() ? "" : ",", digest);
    ++pictures;
  });
  if (!read) wrong += 1;
  fmt::print("{{\"pictures\":{},\"said\":{},\"wrong\":{},\"sha\":[{}]}}\n", pictures, said.size(), wrong,
             list);
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) check(argv[i]);
}
