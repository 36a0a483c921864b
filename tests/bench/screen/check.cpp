// Decodes the screens of a store and says whether each picture is, bit for bit in 4:4:4, what its fragment's
// input_sha256 says.
//   screen_check FILE…   one line of JSON per file: {"shots": n, "wrong": n, "sha": [digests of what was
//   decoded]}
#include <fmt/format.h>

#include "tests/agent/stored_pictures.h"

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const auto found = mj::test::stored_pictures(argv[i]);
    std::string digests;
    for (const std::string& digest : found.decoded)
      digests += fmt::format("{}\"{}\"", digests.empty() ? "" : ",", digest);
    fmt::print("{{\"shots\":{},\"wrong\":{},\"sha\":[{}]}}\n", found.said.size(), found.wrong, digests);
  }
}
