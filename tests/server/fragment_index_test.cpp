#include "server/fragment_index.h"

#include <gtest/gtest.h>

namespace mj::server {
namespace {

constexpr Duration kSecond = std::chrono::seconds(1);
const WallTime kStart = from_us(1'763'689'512'000'000);

uint64_t number(std::string_view bytes, std::size_t offset, std::size_t length) {
  uint64_t value = 0;
  for (std::size_t i = 0; i < length; ++i)
    value |= static_cast<uint64_t>(static_cast<uint8_t>(bytes[offset + i])) << (8 * i);
  return value;
}

index::IndexedSegment segment(int fragments) {
  index::IndexedSegment out;
  out.segment = {"s1", "cam.main", kStart, true};
  out.run_start = kStart - kSecond;
  out.end = kStart + kSecond * fragments;
  for (int i = 0; i < fragments; ++i) {
    out.fragments.push_back({kStart + kSecond * i, kStart + kSecond * (i + 1),
                             700U + 1000U * static_cast<uint64_t>(i), 1000, 900, i % 2 == 0 ? 300U : 0U});
  }
  return out;
}

TEST(FragmentIndex, EmptyIsAHeader) {
  EXPECT_EQ(encode_fragment_index({}).value(), std::string("MJI1") + std::string(12, '\0'));
  EXPECT_EQ(encode_fragment_index({segment(0)}).value().size(), 16U);
}

TEST(FragmentIndex, IsAsTheContractSays) {
  const std::string bytes = encode_fragment_index({segment(2), segment(1)}).value();
  ASSERT_EQ(bytes.size(), 16U + 2 * 32 + 3 * 14);
  EXPECT_EQ(number(bytes, 4, 4), 2U);
  EXPECT_EQ(number(bytes, 8, 4), 3U);
  EXPECT_EQ(number(bytes, 16, 8), static_cast<uint64_t>(to_us(kStart)));
  EXPECT_EQ(number(bytes, 24, 8), static_cast<uint64_t>(to_us(kStart - kSecond)));
  EXPECT_EQ(number(bytes, 32, 4), 2'000'000U);
  EXPECT_EQ(number(bytes, 36, 4), 700U);
  EXPECT_EQ(number(bytes, 40, 4), 2U);
  EXPECT_EQ(number(bytes, 44, 4), 1U);
  const std::size_t second = 16 + 2 * 32 + 14;
  EXPECT_EQ(number(bytes, second, 4), 1'000'000U);
  EXPECT_EQ(number(bytes, second + 4, 4), 900U);
  EXPECT_EQ(number(bytes, second + 8, 3), 0U);
  EXPECT_EQ(number(bytes, second + 11, 3), 100U);
}

TEST(FragmentIndex, LargeKeyFramesSaturate) {
  auto one = segment(1);
  one.fragments[0].bytes = one.fragments[0].video_bytes = one.fragments[0].key_bytes = 20'000'000;
  EXPECT_EQ(number(encode_fragment_index({one}).value(), 16 + 32 + 8, 3), 0xFFFFFFU);
}

TEST(FragmentIndex, EndsBeforeAHole) {
  auto three = segment(3);
  three.fragments[2].offset += 1;
  const std::string bytes = encode_fragment_index({three}).value();
  EXPECT_EQ(number(bytes, 8, 4), 2U);
  EXPECT_EQ(number(bytes, 32, 4), 2'000'000U);
}

TEST(FragmentIndex, AScreenThatIsAsItWasBelongsToThePictureBefore) {
  auto shots = segment(5);
  for (const std::size_t same : {0U, 2U, 3U}) {
    shots.fragments[same].video_bytes = 0;
    shots.fragments[same].key_bytes = 0;
  }
  const std::string bytes = encode_fragment_index({shots}).value();
  EXPECT_EQ(number(bytes, 8, 4), 2U);
  EXPECT_EQ(number(bytes, 32, 4), 5'000'000U) << "the last of them counts for the end";
  EXPECT_EQ(number(bytes, 36, 4), 1700U) << "in front of the first picture there is nothing to show";
  const std::size_t first = 16 + 32;
  EXPECT_EQ(number(bytes, first, 4), 1'000'000U);
  EXPECT_EQ(number(bytes, first + 4, 4), 900U);
  EXPECT_EQ(number(bytes, first + 11, 3), 2100U) << "skipped with the sound";
  EXPECT_EQ(number(bytes, first + 14, 4), 4'000'000U);
  auto nothing = segment(1);
  nothing.fragments[0].video_bytes = 0;
  EXPECT_EQ(encode_fragment_index({nothing}).value().size(), 16U);
}

TEST(FragmentIndex, RefusesWhatItCannotSay) {
  auto odd = segment(1);
  odd.fragments[0].start = kStart - kSecond;
  EXPECT_FALSE(encode_fragment_index({odd}));
  odd = segment(1);
  odd.fragments[0].video_bytes = 2000;
  EXPECT_FALSE(encode_fragment_index({odd}));
}

}  // namespace
}  // namespace mj::server
