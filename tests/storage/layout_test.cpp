#include "storage/layout.h"

#include <gmock/gmock.h>

namespace mj::storage {
namespace {

const SegmentRef kSegment{"s1", "counter-1.main", from_us(1'795'225'512'345'678), false};

TEST(Layout, NamesAFileByStreamUtcDayAndStart) {
  EXPECT_EQ(segment_path(kSegment), "counter-1.main/20261121/1795225512345678.mp4");
  EXPECT_EQ(segment_path(kSegment, true), "counter-1.main/20261121/1795225512345678.mp4.part");
  SegmentRef first = kSegment;
  first.start = from_us(0);
  EXPECT_EQ(segment_path(first), "counter-1.main/19700101/0.mp4");
}

TEST(Layout, ReadsBackWhatItWrites) {
  const auto closed = parse_segment_path("s1", "counter-1.main", "20261121", "1795225512345678.mp4");
  ASSERT_TRUE(closed);
  EXPECT_EQ(*closed, kSegment);
  const auto open = parse_segment_path("s1", "counter-1.main", "20261121", "1795225512345678.mp4.part");
  ASSERT_TRUE(open);
  EXPECT_TRUE(open->open);
}

TEST(Layout, RefusesEverySecondSpelling) {
  const auto parse = [](const char* day, const char* file) {
    return parse_segment_path("s1", "counter-1.main", day, file).has_value();
  };
  EXPECT_FALSE(parse("20261122", "1795225512345678.mp4"));  // another day
  EXPECT_FALSE(parse("20261121", "01795225512345678.mp4"));
  EXPECT_FALSE(parse("20261121", "+1795225512345678.mp4"));
  EXPECT_FALSE(parse("20261121", "-1795225512345678.mp4"));
  EXPECT_FALSE(parse("20261121", "1795225512345678.MP4"));
  EXPECT_FALSE(parse("20261121", "1795225512345678.mp4.part.part"));
  EXPECT_FALSE(parse("20261121", "99999999999999999999.mp4"));
  EXPECT_FALSE(parse("20261121", "9223372036854775807.mp4"));
  EXPECT_FALSE(parse("20261121", ".mp4"));
}

TEST(Layout, KnowsStreamKeys) {
  EXPECT_TRUE(is_stream_key("a.main"));
  EXPECT_TRUE(is_stream_key("desk-7.screen"));
  EXPECT_TRUE(is_stream_key("x9.sub"));
  for (const char* bad :
       {"", ".main", "a", "a.b", "A.main", "../x.main", "a/b.main", "a b.main", "a.main.part"}) {
    EXPECT_FALSE(is_stream_key(bad)) << bad;
  }
  EXPECT_TRUE(is_stream_key(std::string(48, 'a') + ".main"));
  EXPECT_FALSE(is_stream_key(std::string(49, 'a') + ".main"));
}

}  // namespace
}  // namespace mj::storage
