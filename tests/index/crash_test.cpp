#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "index/holds.h"
#include "tests/index/hall.h"

namespace mj::index::test {
namespace {

/// Ingests for ever and writes the number of each event to `pipe` only after the index has acknowledged it.
[[noreturn]] void ingest_until_killed(const std::filesystem::path& directory, int pipe) {
  FakeClock clock;
  auto index = Index::open(directory, clock);
  if (!index || !(*index)->apply(small_hall())) _exit(1);
  for (uint32_t i = 0;; ++i) {
    Event event;
    event.id = fmt::format("e{}", i);
    event.at = at(i);
    event.window = "w1";
    event.ticket = fmt::format("A{}", i);
    event.case_number = fmt::format("SC-{}", i);
    event.raw = "{}";
    const auto done = (*index)->ingest("feed", {event});
    if (!done || done->accepted != 1) _exit(2);
    if (write(pipe, &i, sizeof i) != sizeof i) _exit(3);
  }
}

/// Places holds for ever and writes the number of each to `pipe` only after it was acknowledged.
[[noreturn]] void hold_until_killed(const std::filesystem::path& directory, int pipe) {
  FakeClock clock;
  auto index = Index::open(directory, clock);
  if (!index || !(*index)->apply(small_hall())) _exit(1);
  for (uint32_t i = 1;; ++i) {
    const auto hold = Holds(**index).place({"", {"cam-w1.main"}, at(i), at(i + 1), "投诉", {"zhao", "赵敏"}});
    if (!hold || hold->id != i) _exit(2);
    if (write(pipe, &i, sizeof i) != sizeof i) _exit(3);
  }
}

/// Forks `child`, kills it when it has acknowledged `least` times, and returns how often it had by then.
uint32_t acknowledged_when_killed(void (*child)(const std::filesystem::path&, int),
                                  const std::filesystem::path& directory, uint32_t least) {
  std::array<int, 2> pipe_ends{};
  EXPECT_EQ(pipe(pipe_ends.data()), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    close(pipe_ends[0]);
    child(directory, pipe_ends[1]);
  }
  close(pipe_ends[1]);
  uint32_t last = 0;
  uint32_t acknowledged = 0;
  while (acknowledged < least && read(pipe_ends[0], &last, sizeof last) == sizeof last) ++acknowledged;
  kill(pid, SIGKILL);
  while (read(pipe_ends[0], &last, sizeof last) == sizeof last) ++acknowledged;
  close(pipe_ends[0]);
  int status = 0;
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child failed by itself: " << WEXITSTATUS(status);
  return acknowledged;
}

TEST(Crash, KeepsEveryAcknowledgedHoldWhenKilledInTheIndexAndInTheLog) {
  mj::test::TemporaryDirectory folder;
  const auto directory = folder.path() / "index";
  const uint32_t acknowledged = acknowledged_when_killed(&hold_until_killed, directory, 30);
  ASSERT_GE(acknowledged, 30U);
  FakeClock clock;
  for (const bool lost : {false, true}) {
    if (lost) std::filesystem::remove_all(directory);
    const auto index = Index::open(directory, clock);
    ASSERT_TRUE(index) << index.error().message;
    const auto page = Holds(**index).list({.limit = Holds::kMost});
    ASSERT_TRUE(page);
    ASSERT_GE(page->holds.size(), acknowledged) << lost;
    for (const auto& hold : page->holds) {
      ASSERT_EQ(hold.held.size(), 1U) << lost;
      EXPECT_EQ(hold.held[0].from, at(static_cast<double>(hold.id)));
    }
  }
}

TEST(Crash, KeepsEveryAcknowledgedEventWhenKilled) {
  // A child forked from a threaded process may only do little; this program has no threads before here.
  mj::test::TemporaryDirectory folder;
  const auto directory = folder.path() / "index";
  for (int round = 0; round < 3; ++round) {
    std::filesystem::remove_all(directory);
    const uint32_t acknowledged =
        acknowledged_when_killed(&ingest_until_killed, directory, 40U + 13U * static_cast<uint32_t>(round));

    FakeClock clock;
    auto index = Index::open(directory, clock);
    ASSERT_TRUE(index) << index.error().message;
    ASSERT_GE(acknowledged, 40U);
    for (uint32_t i = 0; i < acknowledged; ++i) {
      const auto answer = (*index)->case_answer(fmt::format("SC-{}", i));
      ASSERT_TRUE(answer) << i << " of " << acknowledged;
      ASSERT_EQ(answer->visits.size(), 1U);
    }
  }
}

}  // namespace
}  // namespace mj::index::test
