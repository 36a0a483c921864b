// What SHA-256 costs a recorder: hashes as storage does, N streams in turn, each fragment from its own fresh
// memory. hash_cost STREAMS FRAGMENT-BYTES SECONDS  prints CPU nanoseconds per byte.
#include <fmt/format.h>
#include <time.h>

#include <chrono>
#include <cstdlib>
#include <vector>

#include "storage/sha256.h"

namespace {

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "usage: hash_cost STREAMS FRAGMENT-BYTES SECONDS\n");
    return 2;
  }
  const auto streams = static_cast<size_t>(std::atoi(argv[1]));
  const auto bytes = static_cast<size_t>(std::atoi(argv[2]));
  std::vector<mj::storage::Sha256> hashes(streams);
  const std::vector<mj::Bytes> fragments(streams, mj::Bytes(bytes, 0x5A));
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(std::atoi(argv[3]));
  const double before = cpu_seconds();
  double done = 0;
  while (std::chrono::steady_clock::now() < end) {
    for (size_t i = 0; i < streams; ++i) hashes[i].update(fragments[i]);
    done += static_cast<double>(streams * bytes);
  }
  fmt::print("{:.4f}\n", (cpu_seconds() - before) * 1e9 / done);
  return 0;
}
