#include "capture/agent/changes.h"

#include <gtest/gtest.h>

#include "tests/agent/drawn_picture.h"

namespace mj::agent {
namespace {

using test::Drawing;

class ChangesTest : public testing::Test {
 protected:
  ChangesTest() {
    drawing_.text_like(1);
    changes_.keep(drawing_.picture(), changes_.compare(drawing_.picture()));
  }
  Tiles compare() const { return changes_.compare(drawing_.picture()); }

  Drawing drawing_{150, 100};  // 3 × 2 tiles, the last ones cut
  Changes changes_;
};

TEST_F(ChangesTest, TakesTheFirstPictureForChangedAllOver) {
  const Tiles tiles = Changes().compare(drawing_.picture());
  EXPECT_EQ(tiles.columns, 3);
  EXPECT_EQ(tiles.rows, 2);
  EXPECT_EQ(tiles.count, 6);
}

TEST_F(ChangesTest, FindsNothingInTheSamePicture) {
  EXPECT_FALSE(compare().any());
}

TEST_F(ChangesTest, FindsOnePixelByOneLevelAnywhereAndNamesItsTile) {
  for (int y = 0; y < drawing_.height; ++y) {
    for (int x = 0; x < drawing_.width; ++x) {
      const uint32_t level = 1U << (8 * ((x + y) % 3));  // of blue, green or red
      drawing_.at(x, y) ^= level;
      const Tiles tiles = compare();
      ASSERT_EQ(tiles.count, 1) << x << ',' << y;
      ASSERT_TRUE(tiles.at(x / 64, y / 64)) << x << ',' << y;
      drawing_.at(x, y) ^= level;
    }
  }
}

TEST_F(ChangesTest, TakesNoNoticeOfTheByteThatMeansNothing) {
  drawing_.at(70, 70) ^= 0xFF000000;
  EXPECT_FALSE(compare().any());
}

TEST_F(ChangesTest, KeepsWhatWasShotAndComparesWithThat) {
  drawing_.at(10, 10) ^= 0x10;
  drawing_.at(149, 99) ^= 0x10;
  const Tiles tiles = compare();
  EXPECT_EQ(tiles.count, 2);
  EXPECT_EQ(compare().count, 2) << "comparing keeps nothing";
  changes_.keep(drawing_.picture(), tiles);
  EXPECT_FALSE(compare().any());
  drawing_.at(10, 10) ^= 0x10;
  EXPECT_EQ(compare().count, 1);
}

TEST_F(ChangesTest, TakesAnotherSizeForChangedAllOver) {
  const Drawing wider(151, 100, 0xFFFFFF);
  EXPECT_EQ(changes_.compare(wider.picture()).count, 6);
}

TEST_F(ChangesTest, ForgetsWhenItIsTold) {
  changes_.forget();
  EXPECT_EQ(compare().count, 6);
}

}  // namespace
}  // namespace mj::agent
