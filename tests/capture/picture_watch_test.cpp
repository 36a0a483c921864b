#include "capture/picture_watch.h"

#include <gtest/gtest.h>

#include <random>

namespace mj::capture {
namespace {

/// A key access unit: an SEI with the time, and a slice of `bytes` that `seed` decides.
Bytes key_unit(std::size_t bytes, uint32_t seed, uint8_t number = 0) {
  static uint8_t time = 0;
  Bytes unit{0, 0, 0, 3, 0x06, 0x05, ++time};
  for (int shift = 24; shift >= 0; shift -= 8) unit.push_back(static_cast<uint8_t>(bytes >> shift));
  unit.push_back(0x65);
  unit.push_back(number);  // idr_pic_id
  std::mt19937 random(seed);
  while (unit.size() < 11 + bytes) unit.push_back(static_cast<uint8_t>(random()));
  return unit;
}

TEST(PictureWatchTest, PicturesOfTheWorldAreUsual) {
  PictureWatch watch;
  for (uint32_t i = 0; i < 200; ++i) {
    EXPECT_EQ(watch.on_key(key_unit(20'000 + i * 37 % 9000, i), rtsp::Codec::h264), Look::usual);
  }
}

TEST(PictureWatchTest, TheSamePictureAgainAndAgainIsFrozenWhateverItsNumber) {
  PictureWatch watch;
  for (uint32_t i = 0; i < 20; ++i) static_cast<void>(watch.on_key(key_unit(20'000, i), rtsp::Codec::h264));
  Look look = Look::usual;
  for (uint8_t i = 0; i < 7; ++i) look = watch.on_key(key_unit(20'000, 99, i % 2), rtsp::Codec::h264);
  EXPECT_EQ(look, Look::frozen);
  EXPECT_EQ(watch.on_key(key_unit(20'000, 100), rtsp::Codec::h264), Look::usual);
}

TEST(PictureWatchTest, PicturesFarSmallerThanUsualAreDarkUntilTheyGrow) {
  PictureWatch watch;
  for (uint32_t i = 0; i < 30; ++i) static_cast<void>(watch.on_key(key_unit(40'000, i), rtsp::Codec::h264));
  Look look = Look::usual;
  for (uint32_t i = 0; i < 500; ++i) {
    look = watch.on_key(key_unit(3'000, 1000 + i), rtsp::Codec::h264);
    if (i < 3) EXPECT_EQ(look, Look::usual) << "one small picture is no darkness";
  }
  EXPECT_EQ(look, Look::dark) << "and darkness does not become usual";
  EXPECT_EQ(watch.on_key(key_unit(40'000, 7), rtsp::Codec::h264), Look::usual);
}

TEST(PictureWatchTest, DamagedLengthsDoNoHarm) {
  PictureWatch watch;
  Bytes unit = key_unit(500, 1);
  for (std::size_t i = 0; i < unit.size(); ++i) {
    static_cast<void>(watch.on_key(BytesView(unit).first(i), rtsp::Codec::h264));
  }
  unit[0] = 0xFF;
  EXPECT_EQ(watch.on_key(unit, rtsp::Codec::h264), Look::usual);
}

}  // namespace
}  // namespace mj::capture
