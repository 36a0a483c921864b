#include "config/base/bounded_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

namespace mj {
namespace {

using namespace std::chrono_literals;

TEST(BoundedQueue, RefusesTheItemAfterTheLastPlaceAndLeavesItUntouched) {
  BoundedQueue<std::unique_ptr<int>> queue(2);
  EXPECT_TRUE(queue.try_push(std::make_unique<int>(1)));
  EXPECT_TRUE(queue.try_push(std::make_unique<int>(2)));
  auto third = std::make_unique<int>(3);
  EXPECT_FALSE(queue.try_push(std::move(third)));
  ASSERT_NE(third, nullptr);
  EXPECT_EQ(*third, 3);
  EXPECT_EQ(queue.size(), 2U);
}

TEST(BoundedQueue, GivesEverythingAtOnceInOrder) {
  BoundedQueue<int> queue(3);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(queue.try_push(int{i}));
  EXPECT_EQ(queue.pop_all(0us), (std::deque<int>{0, 1, 2}));
  EXPECT_EQ(queue.size(), 0U);
  EXPECT_TRUE(queue.try_push(4)) << "there is room again";
}

TEST(BoundedQueue, GivesNothingWhenTheTimeIsOver) {
  BoundedQueue<int> queue(1);
  EXPECT_TRUE(queue.pop_all(1us).empty());
  EXPECT_FALSE(queue.closed());
}

TEST(BoundedQueue, LetsOutWhatIsInAfterClosingAndNothingIn) {
  BoundedQueue<int> queue(2);
  EXPECT_TRUE(queue.try_push(1));
  queue.close();
  EXPECT_TRUE(queue.closed());
  EXPECT_FALSE(queue.try_push(2));
  EXPECT_EQ(queue.pop_all(1h), std::deque<int>{1});
  EXPECT_TRUE(queue.pop_all(1h).empty()) << "a closed queue does not wait";
}

TEST(BoundedQueue, WakesItsConsumerWhenClosed) {
  BoundedQueue<int> queue(1);
  std::thread consumer([&queue] { EXPECT_TRUE(queue.pop_all(1h).empty()); });
  queue.close();
  consumer.join();
}

TEST(BoundedQueue, LosesAndRepeatsNothingBetweenManyProducersAndTheConsumer) {
  constexpr int kProducers = 4;
  constexpr int kItems = 2000;
  BoundedQueue<int> queue(16);
  std::vector<std::thread> producers;
  for (int p = 0; p < kProducers; ++p) {
    producers.emplace_back([&queue, p] {
      for (int i = 0; i < kItems; ++i) {
        while (!queue.try_push(p * kItems + i)) std::this_thread::yield();
      }
    });
  }
  std::vector<int> next(kProducers, 0);
  for (int received = 0; received < kProducers * kItems;) {
    const auto items = queue.pop_all(1s);
    ASSERT_LE(items.size(), 16U);
    for (const int item : items) EXPECT_EQ(item % kItems, next[static_cast<size_t>(item / kItems)]++);
    received += static_cast<int>(items.size());
  }
  for (auto& producer : producers) producer.join();
}

}  // namespace
}  // namespace mj
