#include "index/fragment_codec.h"

#include <gmock/gmock.h>

#include <random>

#include "tests/index/hall.h"

namespace mj::index::test {
namespace {

using storage::FragmentPlace;

bool same(const FragmentPlace& a, const FragmentPlace& b) {
  return a.start == b.start && a.end == b.end && a.offset == b.offset && a.bytes == b.bytes &&
         a.video_bytes == b.video_bytes && a.key_bytes == b.key_bytes;
}

void expect_round_trip(const std::vector<FragmentPlace>& places, WallTime start, uint32_t header) {
  const auto blob = encode_fragments(places, start, header);
  ASSERT_TRUE(blob) << blob.error().message;
  const auto back = decode_fragments(*blob, start, header);
  ASSERT_TRUE(back) << back.error().message;
  ASSERT_EQ(back->size(), places.size());
  for (size_t i = 0; i < places.size(); ++i) EXPECT_TRUE(same((*back)[i], places[i])) << i;
}

/// A camera's minute as it comes: 1080p25 at 4 Mbit/s, GOP of two seconds, G.711 beside it.
std::vector<FragmentPlace> camera_minute(std::mt19937& random, int jitter_us = 1'000) {
  std::vector<FragmentPlace> places;
  WallTime time = at(10);
  uint64_t offset = 900;
  for (int i = 0; i < 30; ++i) {
    FragmentPlace place;
    place.start = time;
    place.end = time + Duration(2'000'000 + std::uniform_int_distribution(-jitter_us, jitter_us)(random));
    place.key_bytes = std::uniform_int_distribution<uint32_t>(90'000, 140'000)(random);
    place.video_bytes = std::uniform_int_distribution<uint32_t>(900'000, 1'100'000)(random);
    place.bytes = place.video_bytes + 16'160 + (i % 3 == 0 ? 160 : 0);
    place.offset = offset;
    offset += place.bytes;
    time = place.end;
    places.push_back(place);
  }
  return places;
}

TEST(FragmentCodec, RoundTripsACameraMinuteInFewBytes) {
  std::mt19937 random(1);
  const auto places = camera_minute(random);
  expect_round_trip(places, at(10), 900);
  const auto blob = encode_fragments(places, at(10), 900);
  EXPECT_LE(blob->size(), 205U) << "bytes for " << places.size() << " fragments";
  EXPECT_TRUE(fragments_touch(*blob));
}

TEST(FragmentCodec, NeedsLittleForAnEvenPace) {
  std::mt19937 random(1);
  const auto places = camera_minute(random, 0);
  expect_round_trip(places, at(10), 900);
  EXPECT_LE(encode_fragments(places, at(10), 900)->size(), 160U)
      << "bytes for " << places.size() << " fragments";
}

TEST(FragmentCodec, RoundTripsHolesOverlapsAndFragmentsWithoutKey) {
  const std::vector<FragmentPlace> places = {
      {at(1.5), at(2), 50, 10, 10, 0},  // begins after its segment
      {at(1.9), at(4), 60, 0, 0, 0},    // overlaps, empty
      {at(9), at(9), 60, 4'000'000'000, 3'999'999'999, 3'999'999'999},
  };
  expect_round_trip(places, at(0), 50);
  EXPECT_FALSE(fragments_touch(*encode_fragments(places, at(0), 50)));
}

TEST(FragmentCodec, RoundTripsNoFragmentAtAll) {
  expect_round_trip({}, at(0), 900);
}

TEST(FragmentCodec, RefusesFragmentsThatDoNotFollowEachOther) {
  EXPECT_EQ(encode_fragments({{at(0), at(1), 901, 10, 10, 5}}, at(0), 900).error().kind, ErrorKind::invalid);
  EXPECT_EQ(encode_fragments({{at(1), at(0), 900, 10, 10, 5}}, at(0), 900).error().kind, ErrorKind::invalid);
  EXPECT_EQ(encode_fragments({{at(0), at(1), 900, 10, 11, 5}}, at(0), 900).error().kind, ErrorKind::invalid);
  EXPECT_EQ(encode_fragments({{at(0), at(1), 900, 10, 9, 10}}, at(0), 900).error().kind, ErrorKind::invalid);
}

TEST(FragmentCodec, FindsEveryTruncationDamaged) {
  std::mt19937 random(2);
  const auto blob = encode_fragments(camera_minute(random), at(10), 900);
  for (size_t length = 0; length < blob->size(); ++length) {
    EXPECT_FALSE(decode_fragments(BytesView(*blob).first(length), at(10), 900)) << length;
  }
  Bytes longer = *blob;
  longer.push_back(0);
  EXPECT_EQ(decode_fragments(longer, at(10), 900).error().kind, ErrorKind::corrupt);
}

TEST(FragmentCodec, SurvivesHostileBytes) {
  std::mt19937 random(3);
  std::uniform_int_distribution<int> byte(0, 255);
  const auto real = *encode_fragments(camera_minute(random), at(10), 900);
  for (int round = 0; round < 20'000; ++round) {
    Bytes blob = real;
    if (round % 2 == 0) {
      blob.resize(static_cast<size_t>(byte(random)));
      for (auto& b : blob) b = static_cast<uint8_t>(byte(random));
    } else {
      for (int i = 0; i < 4; ++i) blob[random() % blob.size()] = static_cast<uint8_t>(byte(random));
    }
    const auto places = decode_fragments(blob, at(10), 900);
    static_cast<void>(fragments_touch(blob));
    if (!places) continue;
    for (const auto& place : *places) {
      ASSERT_LE(place.start, place.end);
      ASSERT_LE(place.video_bytes, place.bytes);
      ASSERT_LE(place.key_bytes, place.video_bytes);
    }
  }
}

TEST(FragmentCodec, RefusesACountBeyondTheLimitWithoutAllocatingIt) {
  const Bytes blob = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(decode_fragments(blob, at(0), 0).error().kind, ErrorKind::corrupt);
}

}  // namespace
}  // namespace mj::index::test
