#include "storage/store_queue.h"

#include <gmock/gmock.h>

#include "tests/storage/footage.h"

namespace mj::storage {
namespace {

Job fragment_job(std::size_t payload) {
  capture::Fragment fragment;
  fragment.bytes = std::make_shared<const Bytes>(payload);
  return Job{nullptr, std::move(fragment)};
}

Job fragment_job(const char* stream, std::size_t payload) {
  Job job = fragment_job(payload);
  auto run = std::make_shared<capture::Run>();
  run->stream = stream;
  std::get<capture::Fragment>(job.what).run = std::move(run);
  return job;
}

Job outage_job() {
  return Job{nullptr, capture::Outage{"a.main", kStart, GapCause::stalled, ""}};
}

TEST(StoreQueue, RefusesBeyondItsBytes) {
  StoreQueue queue({100, 1000});
  Job first = fragment_job(600), second = fragment_job(500), third = fragment_job(400);
  EXPECT_TRUE(queue.try_push(first));
  EXPECT_FALSE(queue.try_push(second));
  EXPECT_TRUE(queue.try_push(third));
  EXPECT_TRUE(queue.pop(Duration{0}));
  EXPECT_TRUE(queue.try_push(second));
}

TEST(StoreQueue, RefusesBeyondItsItemsButTakesOutages) {
  StoreQueue queue({2, 1000});
  Job a = fragment_job(1), b = fragment_job(1), c = fragment_job(1), outage = outage_job();
  EXPECT_TRUE(queue.try_push(a));
  EXPECT_TRUE(queue.try_push(b));
  EXPECT_FALSE(queue.try_push(c));
  EXPECT_TRUE(queue.try_push(outage));
  EXPECT_EQ(queue.size(), 3);
}

TEST(StoreQueue, ShedsSubStreamsFirstAndScreensLast) {
  StoreQueue queue({100, 1000});
  const auto takes = [&](const char* stream, std::size_t payload) {
    Job job = fragment_job(stream, payload);
    return queue.try_push(job);
  };
  EXPECT_TRUE(takes("a.main", 400));
  EXPECT_TRUE(takes("a.sub", 100));
  EXPECT_FALSE(takes("a.sub", 1)) << "half is full";
  EXPECT_TRUE(takes("a.main", 500));
  EXPECT_FALSE(takes("a.main", 1)) << "all is full";
  EXPECT_TRUE(takes("w.screen", 125));
  EXPECT_FALSE(takes("w.screen", 1)) << "and that is all there is";
  EXPECT_EQ(queue.refused(), (std::array<uint64_t, 3>{1, 1, 1}));
  while (queue.pop(Duration{0})) {
  }
  EXPECT_TRUE(takes("a.sub", 500));
}

TEST(StoreQueue, ShedsByTheNumberOfFragmentsInTheSameOrder) {
  StoreQueue queue({16, 1000});
  const auto fill = [&](const char* stream) {
    int taken = 0;
    for (Job job = fragment_job(stream, 1); queue.try_push(job); job = fragment_job(stream, 1)) ++taken;
    return taken;
  };
  EXPECT_EQ(fill("a.sub"), 8);
  EXPECT_EQ(fill("a.main"), 8);
  EXPECT_EQ(fill("w.screen"), 2);
}

TEST(StoreQueue, RefusesAFragmentLargerThanItself) {
  StoreQueue queue({100, 1000});
  Job job = fragment_job(1001);
  EXPECT_FALSE(queue.try_push(job));
}

TEST(StoreQueue, KeepsOrderAndGivesOutWhatItHasAfterClosing) {
  StoreQueue queue({10, 1000});
  Job a = fragment_job(1), outage = outage_job(), late = outage_job();
  ASSERT_TRUE(queue.try_push(a));
  ASSERT_TRUE(queue.try_push(outage));
  queue.close();
  EXPECT_FALSE(queue.try_push(late));
  EXPECT_EQ(queue.pop(Duration{0})->what.index(), 0);
  EXPECT_EQ(queue.pop(Duration{0})->what.index(), 1);
  EXPECT_FALSE(queue.pop(std::chrono::hours(1)));  // closed and empty: does not wait
}

}  // namespace
}  // namespace mj::storage
