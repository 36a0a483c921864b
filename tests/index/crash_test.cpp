#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

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

TEST(Crash, KeepsEveryAcknowledgedEventWhenKilled) {
  // A child forked from a threaded process may only do little; this program has no threads before here.
  mj::test::TemporaryDirectory folder;
  const auto directory = folder.path() / "index";
  for (int round = 0; round < 3; ++round) {
    std::filesystem::remove_all(directory);
    std::array<int, 2> pipe_ends{};
    ASSERT_EQ(pipe(pipe_ends.data()), 0);
    const pid_t child = fork();
    if (child == 0) {
      close(pipe_ends[0]);
      ingest_until_killed(directory, pipe_ends[1]);
    }
    close(pipe_ends[1]);
    uint32_t last = 0;
    uint32_t acknowledged = 0;
    while (acknowledged < 40U + 13U * static_cast<uint32_t>(round) &&
           read(pipe_ends[0], &last, sizeof last) == sizeof last) {
      ++acknowledged;
    }
    kill(child, SIGKILL);
    while (read(pipe_ends[0], &last, sizeof last) == sizeof last) ++acknowledged;
    close(pipe_ends[0]);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child failed by itself: " << WEXITSTATUS(status);

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
