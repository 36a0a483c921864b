// tag_check FARM.csv PATH…: reads the camera farm's tags from recorded files (folders are walked) and says
// what is missing. It knows nothing of MP4 nor of our reader: it looks for the tags' text. The last line is
// one JSON object; before it, one line per hole. Exit code 0: nothing is missing between the first and the
// last recorded frame of any session.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/camera_farm/tag.h"

namespace mj::test {
namespace {

struct Frame {
  uint64_t number = 0;
  int64_t us = 0;
};

/// One session as the farm logged it and as the files show it.
struct Session {
  std::string path;
  uint32_t camera = 0;
  double start = 0, end = 0;
  uint64_t sent = 0;  // 0: the log does not know (the session had not ended)
  uint64_t dropped = 0;
  std::vector<Frame> frames;  // as recorded
};
using Sessions = std::map<uint32_t, Session>;

struct Tally {
  uint64_t sessions = 0, recorded = 0, sent = 0, lost = 0, twice = 0, head = 0, tail = 0, farm_dropped = 0,
           holes = 0;
  double worst_tail_s = 0;
};

template <class T>
T number(std::string_view text, int base = 10) {
  T value{};
  std::from_chars(text.data(), text.data() + text.size(), value, base);
  return value;
}

Sessions read_log(const std::string& file) {
  Sessions sessions;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    std::vector<std::string> fields;
    for (size_t at = 0; at <= line.size();) {
      const size_t end = std::min(line.find(',', at), line.size());
      fields.push_back(line.substr(at, end - at));
      at = end + 1;
    }
    if (fields.size() < 9) continue;
    Session& session = sessions[number<uint32_t>(fields[0])];
    session.path = fields[1];
    session.camera = number<uint32_t>(fields[2], 16);
    session.start = std::stod(fields[3]);
    session.end = std::stod(fields[4]);
    session.sent = number<uint64_t>(fields[5]);
    session.dropped = number<uint64_t>(fields[6]);
  }
  return sessions;
}

/// "FARMTAG cam=00000000 s=00000000 n=0000000000 us=0000000000000000"
void take_tag(std::string_view tag, Sessions& sessions) {
  Session& session = sessions[number<uint32_t>(tag.substr(23, 8), 16)];
  session.camera = number<uint32_t>(tag.substr(12, 8), 16);
  session.frames.push_back({number<uint64_t>(tag.substr(34, 10)), number<int64_t>(tag.substr(48, 16))});
}

void scan(const std::filesystem::path& file, Sessions& sessions) {
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat about {};
  if (fd < 0 || fstat(fd, &about) != 0 || about.st_size == 0) {
    if (fd >= 0) close(fd);
    return;
  }
  const auto size = static_cast<size_t>(about.st_size);
  void* const map = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  close(fd);
  if (map == MAP_FAILED) return;
  madvise(map, size, MADV_SEQUENTIAL);
  const char* at = static_cast<const char*>(map);
  const char* const end = at + size;
  constexpr std::string_view kStart = "FARMTAG cam=";
  while ((at = static_cast<const char*>(
              memmem(at, static_cast<size_t>(end - at), kStart.data(), kStart.size())))) {
    if (static_cast<size_t>(end - at) < farm::kTagTemplate.size()) break;
    take_tag({at, farm::kTagTemplate.size()}, sessions);
    at += farm::kTagTemplate.size();
  }
  munmap(map, size);
}

void scan_path(const std::string& path, Sessions& sessions) {
  if (!std::filesystem::is_directory(path)) return scan(path, sessions);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path))
    if (entry.is_regular_file()) scan(entry.path(), sessions);
}

void tell_hole(uint32_t id, const Session& session, const char* where, uint64_t from, uint64_t to,
               int64_t after_us, int64_t before_us) {
  fmt::print(
      "{{\"session\":{},\"path\":\"{}\",\"cam\":\"{:08x}\",\"hole\":\"{}\",\"from\":{},\"to\":{},\"after_"
      "us\":{},"
      "\"before_us\":{}}}\n",
      id, session.path, session.camera, where, from, to, after_us, before_us);
}

void check_session(uint32_t id, Session& session, Tally& tally) {
  auto& frames = session.frames;
  std::sort(frames.begin(), frames.end(), [](const Frame& a, const Frame& b) { return a.number < b.number; });
  ++tally.sessions;
  tally.sent += session.sent;
  tally.farm_dropped += session.dropped;
  const auto start_us = static_cast<int64_t>(session.start * 1e6);
  const auto end_us = static_cast<int64_t>(session.end * 1e6);
  Frame before{0, start_us};
  for (const Frame& frame : frames) {
    if (frame.number == before.number) {
      ++tally.twice;
      continue;
    }
    ++tally.recorded;
    const uint64_t missing = frame.number - before.number - 1;
    if (missing > 0) {
      const bool head = before.number == 0;
      (head ? tally.head : tally.lost) += missing;
      ++tally.holes;
      tell_hole(id, session, head ? "head" : "inside", before.number + 1, frame.number - 1, before.us,
                frame.us);
    }
    before = frame;
  }
  if (session.sent <= before.number) return;
  tally.tail += session.sent - before.number;
  tally.worst_tail_s = std::max(tally.worst_tail_s, static_cast<double>(end_us - before.us) / 1e6);
  tell_hole(id, session, "tail", before.number + 1, session.sent, before.us, end_us);
}

int run(int argc, char** argv) {
  Sessions sessions = read_log(argv[1]);
  for (int i = 2; i < argc; ++i) scan_path(argv[i], sessions);
  Tally tally;
  for (auto& [id, session] : sessions) check_session(id, session, tally);
  fmt::print(
      "{{\"sessions\":{},\"sent\":{},\"recorded\":{},\"lost\":{},\"holes\":{},\"twice\":{},\"head\":{},"
      "\"tail\":{},"
      "\"worst_tail_s\":{:.3f},\"farm_dropped\":{}}}\n",
      tally.sessions, tally.sent, tally.recorded, tally.lost, tally.holes, tally.twice, tally.head,
      tally.tail, tally.worst_tail_s, tally.farm_dropped);
  return tally.lost == 0 && tally.head == 0 ? 0 : 1;
}

}  // namespace
}  // namespace mj::test

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: tag_check FARM.csv PATH...\n");
    return 2;
  }
  return mj::test::run(argc, argv);
}
