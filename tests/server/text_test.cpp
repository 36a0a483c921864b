#include "server/text.h"

#include <gtest/gtest.h>

namespace mj::server {
namespace {

TEST(Text, TakesUtf8) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("3号窗口"));
  EXPECT_TRUE(is_utf8("\xF0\x9F\x98\x80"));
  EXPECT_TRUE(is_utf8("\xF4\x8F\xBF\xBF"));
}

TEST(Text, RefusesWhatIsNotWellFormed) {
  for (const char* bad : {"\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF", "\x80",
                          "\xE5\x8F", "\xF0\x80\x80\x80"}) {
    EXPECT_FALSE(is_utf8(bad)) << bad;
  }
}

TEST(Text, PlainTextHasNoControls) {
  EXPECT_TRUE(is_plain_text("张三 (1037)"));
  EXPECT_FALSE(is_plain_text("a\nb"));
  EXPECT_FALSE(is_plain_text(std::string_view("a\0b", 3)));
  EXPECT_FALSE(is_plain_text("\x7F"));
}

TEST(Text, StreamKeysHaveOneForm) {
  EXPECT_TRUE(is_stream_key("cam-w1.main"));
  EXPECT_TRUE(is_stream_key("ws-1.screen"));
  for (const char* bad :
       {"", ".main", "cam", "cam.", "cam.other", "Cam.main", "../x.main", "a.b.main", "cam.main/"}) {
    EXPECT_FALSE(is_stream_key(bad)) << bad;
  }
  EXPECT_FALSE(is_stream_key(std::string(49, 'a') + ".main"));
}

TEST(Text, CountsCodePoints) {
  EXPECT_EQ(code_points("密码a"), 3U);
}

}  // namespace
}  // namespace mj::server
