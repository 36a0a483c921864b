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
