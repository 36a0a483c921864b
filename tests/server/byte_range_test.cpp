#include "server/byte_range.h"

#include <gtest/gtest.h>

namespace mj::server {
namespace {

constexpr uint64_t kMost = 1000;

struct Case {
  const char* header;
  uint64_t size, offset, bytes;
};

TEST(ByteRange, WithoutHeaderIsTheWhole) {
  const auto range = parse_range("", 5000, kMost);
  ASSERT_TRUE(range);
  EXPECT_FALSE(range->partial);
  EXPECT_EQ(range->bytes, 5000U);
}

TEST(ByteRange, TakesOneRange) {
  for (const Case& c :
       {Case{"bytes=0-0", 10, 0, 1}, Case{"bytes=0-9", 10, 0, 10}, Case{"bytes=3-5", 10, 3, 3},
        Case{"bytes=3-", 10, 3, 7}, Case{"bytes=9-100", 10, 9, 1}, Case{"bytes=-4", 10, 6, 4},
        Case{"bytes=-400", 10, 0, 10}, Case{"bytes=0-18446744073709551615", 10, 0, 10}}) {
    const auto range = parse_range(c.header, c.size, kMost);
    ASSERT_TRUE(range) << c.header;
    EXPECT_TRUE(range->partial);
    EXPECT_EQ(range->offset, c.offset) << c.header;
    EXPECT_EQ(range->bytes, c.bytes) << c.header;
  }
}

TEST(ByteRange, ShortensWhatIsTooLong) {
  EXPECT_EQ(parse_range("bytes=0-", 5000, kMost)->bytes, kMost);
  EXPECT_EQ(parse_range("bytes=100-4999", 5000, kMost)->bytes, kMost);
}

TEST(ByteRange, RefusesTheRest) {
  for (const char* bad :
       {"bytes", "bytes=", "bytes=-", "bytes=-0", "bytes=10-", "bytes=10-20", "bytes=5-4", "bytes=0-1,3-4",
        "bytes=a-b", "bytes=1-b", "bytes= 1-2", "bytes=+1-2", "bytes=--1", "items=0-1", "Bytes=0-1",
        "bytes=0-99999999999999999999", "bytes=1", "bytes=0x0-1", "bytes=0-1 "}) {
    EXPECT_FALSE(parse_range(bad, 10, kMost)) << bad;
  }
  EXPECT_FALSE(parse_range("bytes=0-", 0, kMost));
  EXPECT_FALSE(parse_range("bytes=-1", 0, kMost));
}

TEST(ByteRange, TellsWhatWasSent) {
  EXPECT_EQ(content_range({3, 4, true}, 10), "bytes 3-6/10");
  EXPECT_EQ(content_range(10), "bytes */10");
}

}  // namespace
}  // namespace mj::server
