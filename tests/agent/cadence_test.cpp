#include "capture/agent/cadence.h"

#include <gtest/gtest.h>

namespace mj::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const SteadyTime kStart = SteadyTime(seconds(1000));
const Foreground kForm{"20261121-100137 受理", "Approval"};
const Foreground kList{"待办列表", "Approval"};

TEST(Cadence, TakesTheFirstShotAtOnceAsKeyFrame) {
  const Cadence cadence(seconds(5), seconds(60));
  EXPECT_TRUE(cadence.due(kStart, kForm));
  EXPECT_TRUE(cadence.key_needed(kStart));
  EXPECT_EQ(cadence.until_due(kStart), Duration::zero());
}

TEST(Cadence, WaitsForTheIntervalWhenNothingChanges) {
  Cadence cadence(seconds(5), seconds(60));
  cadence.taken(kStart, kForm, true);
  EXPECT_FALSE(cadence.due(kStart + milliseconds(4999), kForm));
  EXPECT_EQ(cadence.until_due(kStart + milliseconds(4999)), milliseconds(1));
  EXPECT_TRUE(cadence.due(kStart + seconds(5), kForm));
  EXPECT_EQ(cadence.until_due(kStart + seconds(9)), Duration::zero());
}

TEST(Cadence, TakesAShotAtAChangeOfTitleButNotTwiceInASecond) {
  Cadence cadence(seconds(5), seconds(60));
  cadence.taken(kStart, kForm, true);
  EXPECT_FALSE(cadence.due(kStart + milliseconds(999), kList));
  EXPECT_TRUE(cadence.due(kStart + milliseconds(1000), kList));
  EXPECT_FALSE(cadence.due(kStart + milliseconds(1000), kForm));
}

TEST(Cadence, TakesAShotAtAChangeOfProgramWithTheSameTitle) {
  Cadence cadence(seconds(5), seconds(60));
  cadence.taken(kStart, kForm, true);
  EXPECT_TRUE(cadence.due(kStart + seconds(2), {kForm.title, "Browser"}));
}

TEST(Cadence, WantsAKeyFrameAtLeastEveryFiveMinutes) {
  Cadence cadence(seconds(5), seconds(60));
  SteadyTime now = kStart;
  int keys = 0;
  for (int i = 0; i < 121; ++i, now += seconds(5)) {
    const bool key = cadence.key_needed(now);
    EXPECT_EQ(key, i % 60 == 0) << i;
    keys += key ? 1 : 0;
    cadence.taken(now, kForm, key);
  }
  EXPECT_EQ(keys, 3);
}

TEST(Cadence, WantsAKeyFrameInTimeHoweverTheLooksFall) {
  Cadence cadence(seconds(5), seconds(60));
  SteadyTime key_at = kStart;
  cadence.taken(kStart, kForm, true);
  for (SteadyTime now = kStart + seconds(3); now < kStart + seconds(2000); now += milliseconds(4700)) {
    const bool key = cadence.key_needed(now);
    cadence.taken(now, kForm, key);
    EXPECT_LE(now - key_at, std::chrono::minutes(5));
    if (key) key_at = now;
  }
}

TEST(Cadence, ForcesAPictureOfAnUnchangedScreenAfterAMinute) {
  Cadence cadence(seconds(5), seconds(60));
  cadence.taken(kStart, kForm, true);
  SteadyTime now = kStart;
  for (int i = 1; i < 12; ++i) {
    now += seconds(5);
    EXPECT_TRUE(cadence.due(now, kForm));
    EXPECT_FALSE(cadence.picture_needed(now));
    cadence.unchanged(now, kForm);
  }
  EXPECT_TRUE(cadence.picture_needed(now + seconds(5)));
  EXPECT_FALSE(cadence.key_needed(now + seconds(5))) << "the looks in between were no hole";
  cadence.taken(now + seconds(5), kForm, false);
  EXPECT_FALSE(cadence.picture_needed(now + seconds(10)));
}

TEST(Cadence, LooksLessOftenWhenItIsTold) {
  Cadence cadence(seconds(5), seconds(60));
  cadence.taken(kStart, kForm, true);
  cadence.stretch(4);
  EXPECT_FALSE(cadence.due(kStart + seconds(19), kForm));
  EXPECT_TRUE(cadence.due(kStart + seconds(20), kForm));
  EXPECT_FALSE(cadence.key_needed(kStart + seconds(20)));
  EXPECT_FALSE(cadence.due(kStart + seconds(3), {"another window", "Approval"}));
  EXPECT_TRUE(cadence.due(kStart + seconds(4), {"another window", "Approval"}));
}

TEST(Cadence, StretchedFarMakesNotEveryLookAKey) {
  Cadence cadence(seconds(5), seconds(60));
  cadence.stretch(120);
  SteadyTime now = kStart;
  cadence.taken(now, kForm, true);
  int pictures = 0;
  for (int look = 1; look < 9; ++look) {
    now += seconds(600);
    EXPECT_FALSE(cadence.key_needed(now)) << look;
    pictures += cadence.picture_needed(now) ? 1 : 0;
    if (cadence.picture_needed(now)) {
      cadence.taken(now, kForm, false);
    } else {
      cadence.unchanged(now, kForm);
    }
  }
  EXPECT_EQ(pictures, 2);
}

TEST(Cadence, WantsAKeyFrameAfterMoreThanTwiceTheInterval) {
  Cadence cadence(seconds(5), seconds(60));
  cadence.taken(kStart, kForm, true);
  EXPECT_FALSE(cadence.key_needed(kStart + seconds(10)));
  EXPECT_TRUE(cadence.key_needed(kStart + seconds(10) + milliseconds(1)));
}

TEST(Cadence, WantsAKeyFrameAfterALossUntilOneIsTaken) {
  Cadence cadence(seconds(5), seconds(60));
  cadence.taken(kStart, kForm, true);
  cadence.broken();
  EXPECT_TRUE(cadence.key_needed(kStart + seconds(5)));
  cadence.taken(kStart + seconds(5), kForm, false);
  EXPECT_TRUE(cadence.key_needed(kStart + seconds(10)));
  cadence.taken(kStart + seconds(10), kForm, true);
  EXPECT_FALSE(cadence.key_needed(kStart + seconds(15)));
}

TEST(Cadence, HurriesAfterALossOnTheWay) {
  Cadence cadence(seconds(5), seconds(60));
  cadence.taken(kStart, kForm, true);
  cadence.broken();
  EXPECT_FALSE(cadence.due(kStart + seconds(1), kForm)) << "a slow network does not get more shots";
  cadence.lost();
  EXPECT_FALSE(cadence.due(kStart + milliseconds(999), kForm));
  EXPECT_TRUE(cadence.due(kStart + seconds(1), kForm));
  cadence.taken(kStart + seconds(1), kForm, true);
  EXPECT_FALSE(cadence.due(kStart + seconds(3), kForm));
}

}  // namespace
}  // namespace mj::agent
