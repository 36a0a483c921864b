#include "index/joined.h"

#include <gmock/gmock.h>

#include "index/fragment_codec.h"
#include "tests/index/hall.h"

namespace mj::index::test {
namespace {

using storage::FragmentPlace;

/// Half-second fragments from `start` on, a key frame every `group` of them.
std::vector<FragmentPlace> half_seconds(int count, int group, uint32_t sound = 0) {
  std::vector<FragmentPlace> places;
  uint64_t offset = 900;
  for (int i = 0; i < count; ++i) {
    const uint32_t key = i % group == 0 ? 50'000 + 371 * static_cast<uint32_t>(i) : 0;
    const uint32_t video = 100'000 + 7 * static_cast<uint32_t>(i);
    places.push_back({at(0.5 * i), at(0.5 * (i + 1)), offset, video + sound, video, key});
    offset += video + sound;
  }
  return places;
}

std::vector<double> starts(const std::vector<FragmentPlace>& places) {
  std::vector<double> seconds;
  for (const auto& place : places)
    seconds.push_back(static_cast<double>((place.start - at(0)).count()) / 1e6);
  return seconds;
}

TEST(Joined, MakesOnePlaceOfAGroupOfPictures) {
  const auto places = joined(half_seconds(12, 4));
  EXPECT_THAT(starts(places), testing::ElementsAre(0, 2, 4));
  for (const auto& place : places) EXPECT_NE(place.key_bytes, 0U);
  EXPECT_EQ(places[1].end, at(4));
  EXPECT_EQ(places[1].video_bytes, places[1].bytes);
}

TEST(Joined, CutsALongGroupAtTwoSecondsAndBeginsAnewAtItsKeyFrame) {
  EXPECT_THAT(starts(joined(half_seconds(20, 10))), testing::ElementsAre(0, 2, 4, 5, 7, 9));
}

TEST(Joined, PutsShortGroupsTogether) {
  EXPECT_THAT(starts(joined(half_seconds(8, 2))), testing::ElementsAre(0, 2));
  EXPECT_THAT(starts(joined(half_seconds(8, 1))), testing::ElementsAre(0, 1.5, 3));
}

TEST(Joined, NeverJoinsOverAHoleOrAnOverlap) {
  auto places = half_seconds(4, 4);
  for (size_t i = 2; i < 4; ++i) places[i].start += Duration(1);
  places[3].start = places[2].end - Duration(1);
  EXPECT_THAT(starts(joined(places)), testing::SizeIs(3));
}

TEST(Joined, CountsSoundBetweenPicturesAsPartOfTheVideoAndSoundBehindThemNot) {
  const auto places = joined(half_seconds(4, 4, 4'160));
  ASSERT_THAT(places, testing::SizeIs(1));
  EXPECT_EQ(places[0].bytes, 4 * (100'000 + 4'160) + 7 * (0 + 1 + 2 + 3));
  EXPECT_EQ(places[0].video_bytes, places[0].bytes - 4'160);
}

TEST(Joined, NeverTellsFewerBytesOfAKeyFrameThanItHas) {
  const auto fragments = half_seconds(120, 4);
  const auto places = joined(fragments);
  for (size_t i = 0; i < places.size(); ++i) {
    const uint32_t exact = fragments[i * 4].key_bytes;
    EXPECT_GE(places[i].key_bytes, exact);
    EXPECT_LE(places[i].key_bytes, exact + exact / 8);
    EXPECT_LE(places[i].key_bytes, places[i].video_bytes);
  }
  const auto all_key = joined({{at(0), at(1), 900, 51'001, 51'001, 51'001}});
  EXPECT_EQ(all_key[0].key_bytes, 51'001U) << "more than there is";
}

TEST(Joined, KeepsTheSegmentsWholeExtent) {
  const auto fragments = half_seconds(119, 4);
  const auto places = joined(fragments);
  EXPECT_EQ(places.front().offset, fragments.front().offset);
  EXPECT_EQ(places.back().offset + places.back().bytes, fragments.back().offset + fragments.back().bytes);
  EXPECT_EQ(places.back().end, fragments.back().end);
  EXPECT_LE(encode_fragments(places, at(0), 900)->size(), 110U);
}

}  // namespace
}  // namespace mj::index::test
