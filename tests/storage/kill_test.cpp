#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <random>

#include "storage/inspect.h"
#include "storage/layout.h"
#include "tests/storage/footage.h"
#include "tests/support/temporary_directory.h"

/// kill -9 of a process that records, on a real directory. This program runs itself again as the victim.
namespace mj::storage {
namespace {

using namespace std::chrono_literals;

constexpr const char* kStoreVariable = "MJ_KILL_TEST_STORE";
constexpr int kCameras = 3;

StreamKey camera(int number) {
  return fmt::format("c{}.main", number);
}

/// Says on standard output what was acknowledged, one line each.
class Telling final : public Outlet {
 public:
  void on_segment_opened(SegmentOpened) override {}
  void on_fragment_durable(FragmentDurable durable) override {
    std::printf("ACK %s %lld %lld %llu\n", durable.segment.stream.c_str(),
                static_cast<long long>(to_us(durable.segment.start)),
                static_cast<long long>(to_us(durable.place.start)),
                static_cast<unsigned long long>(durable.place.offset));
    std::fflush(stdout);
  }
  void on_segment_closed(SegmentClosed) override {}
  void on_outage(capture::Outage) override {}
};

/// The victim: records until it is killed.
TEST(KillVictim, DISABLED_RecordsUntilItIsKilled) {
  const char* store = std::getenv(kStoreVariable);
  ASSERT_NE(store, nullptr);
  config::Settings settings;
  settings.storage.segment_duration = 5s;
  settings.storage.sync_interval = 5ms;
  settings.stores.push_back({"s1", store, 0});
  SystemClock clock;
  Telling outlet;
  Recorder recorder(settings, clock, outlet);
  recorder.start({});
  std::vector<std::shared_ptr<const capture::Run>> runs;
  for (int c = 0; c < kCameras; ++c) runs.push_back(make_run(camera(c), kStart));
  for (int second = 0;; ++second) {
    for (const auto& run : runs) {
      const auto fragment = make_fragment(run, kStart + second * 1s, {.payload = 20'000});
      while (!recorder.on_fragment(fragment)) std::this_thread::yield();
    }
    while (recorder.status().at(0).queued > 100) std::this_thread::yield();
  }
}

struct Ack {
  StreamKey stream;
  WallTime segment, start;
  uint64_t offset = 0;
};

std::optional<Ack> parse_ack(const char* line) {
  char stream[64];
  long long segment = 0, start = 0;
  unsigned long long offset = 0;
  if (std::sscanf(line, "ACK %63s %lld %lld %llu", stream, &segment, &start, &offset) != 4)
    return std::nullopt;
  return Ack{stream, from_us(segment), from_us(start), offset};
}

/// Starts the victim, kills it after `acks` acknowledgements, returns all that it told.
std::vector<Ack> record_and_kill(const std::filesystem::path& store, std::size_t acks) {
  int pipe_ends[2];
  EXPECT_EQ(::pipe2(pipe_ends, O_CLOEXEC), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
  std::string program = "/proc/self/exe", filter = "--gtest_filter=KillVictim.*",
              disabled = "--gtest_also_run_disabled_tests";
  char* arguments[] = {program.data(), filter.data(), disabled.data(), nullptr};
  ::setenv(kStoreVariable, store.c_str(), 1);
  pid_t victim = 0;
  EXPECT_EQ(::posix_spawn(&victim, program.c_str(), &actions, nullptr, arguments, environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  ::close(pipe_ends[1]);
  std::vector<Ack> told;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> lines(::fdopen(pipe_ends[0], "r"), &std::fclose);
  char line[256];
  while (std::fgets(line, sizeof line, lines.get()) != nullptr) {
    if (auto ack = parse_ack(line)) told.push_back(std::move(*ack));
    if (told.size() == acks) ::kill(victim, SIGKILL);  // what it said before it died still comes
  }
  int status = 0;
  EXPECT_EQ(::waitpid(victim, &status, 0), victim);
  EXPECT_TRUE(WIFSIGNALED(status));
  return told;
}

TEST(Kill, Minus9LosesNothingAcknowledgedAndNothingNeedsRepair) {
  std::mt19937 random(7);
  for (int round = 0; round < 5; ++round) {
    const test::TemporaryDirectory directory;
    const config::Store store{"s1", directory.path(), 0};
    const std::vector<Ack> acks = record_and_kill(directory.path(), 20 + random() % 200);
    ASSERT_FALSE(acks.empty());
    std::vector<std::string> strangers;
    const auto found_files = list_segments(store, &strangers).value();
    for (const SegmentRef& segment : found_files) {
      ASSERT_TRUE(inspect(store.path, segment, false) || segment.open);
      if (segment.open) static_cast<void>(recover(store, segment));
    }
    EXPECT_THAT(strangers, testing::IsEmpty());
    const Reader reader({store});
    for (const Ack& ack : acks) {
      const auto fragment = make_fragment(make_run(ack.stream, kStart), ack.start, {.payload = 20'000});
      const Bytes expected = as_written(fragment, ack.segment);
      const auto found = reader.read({"s1", ack.stream, ack.segment, false}, ack.offset,
                                     static_cast<uint32_t>(expected.size()));
      ASSERT_TRUE(found) << found.error().message;
      ASSERT_EQ(*found, expected);
    }
    Digest before{};
    StreamKey stream;
    const auto final_files = list_segments(store, nullptr).value();
    for (const SegmentRef& segment : final_files) {
      const FoundSegment found = inspect(store.path, segment, true).value();
      EXPECT_EQ(found.bytes, found.file_bytes);
      if (std::exchange(stream, segment.stream) == segment.stream) EXPECT_EQ(found.previous, before);
      before = found.sha256;
    }
  }
}

}  // namespace
}  // namespace mj::storage
