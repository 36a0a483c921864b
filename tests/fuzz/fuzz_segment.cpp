#include <cstdlib>

#include "storage/inspect.h"
#include "storage/segment_label.h"
#include "tests/storage/footage.h"
#include "tests/storage/memory_file.h"

/// What a segment file may hold after a crash, on a damaged disk, or from somebody who wants to break in. An
/// even first byte: the input is the whole file. An odd one: it is what follows a good head, so that the
/// fuzzer reaches the fragments at once.
namespace mj::storage {
namespace {

const SegmentRef kSegment{"s1", "a.main", kStart, false};

Bytes good_head() {
  const auto run = make_run("a.main", kStart, true);
  SegmentLabel label;
  label.stream = run->stream;
  label.start = label.run_start = kStart;
  label.mime = run->mime;
  label.audio = run->audio;
  Bytes head = run->init;
  const Bytes box = encode_label(label).value();
  head.insert(head.end(), box.begin(), box.end());
  return head;
}

void check(const FoundSegment& found) {
  uint64_t at = found.header_bytes;
  for (const FragmentPlace& place : found.fragments) {
    if (place.offset != at || place.video_bytes > place.bytes || place.key_bytes > place.video_bytes)
      std::abort();
    at += place.bytes;
  }
  if (at != found.bytes || found.bytes > found.file_bytes) std::abort();
}

}  // namespace
}  // namespace mj::storage

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace mj::storage;
  if (size == 0) return 0;
  static const mj::Bytes head = good_head();
  mj::Bytes bytes;
  if (data[0] % 2 == 1) bytes = head;
  bytes.insert(bytes.end(), data + 1, data + size);
  if (const auto found = inspect_file(MemoryFile(std::move(bytes)), kSegment, false)) check(*found);
  return 0;
}
