#include "config/base/words.h"

#include <gtest/gtest.h>

#include "config/base/bytes.h"

namespace mj {
namespace {

TEST(GapCauses, AreStoredByNameAndFoundAgain) {
  for (int i = static_cast<int>(GapCause::not_yet_configured);
       i <= static_cast<int>(GapCause::entries_missing); ++i) {
    const auto cause = static_cast<GapCause>(i);
    EXPECT_EQ(gap_cause_from(name(cause)), cause) << name(cause);
  }
  EXPECT_EQ(gap_cause_from("no_space"), GapCause::no_space);
  EXPECT_EQ(gap_cause_from(""), std::nullopt);
  EXPECT_EQ(gap_cause_from("No_Space"), std::nullopt);
}

TEST(StreamKinds, HaveTheNamesOfTheirKeys) {
  EXPECT_STREQ(name(StreamKind::main), "main");
  EXPECT_STREQ(name(StreamKind::sub), "sub");
  EXPECT_STREQ(name(StreamKind::screen), "screen");
}

TEST(ErrorKinds, HaveStableNames) {
  EXPECT_STREQ(name(ErrorKind::no_space), "no_space");
  EXPECT_STREQ(name(ErrorKind::cancelled), "cancelled");
}

TEST(Errors, GrowOutwards) {
  const Error error =
      Error{ErrorKind::denied, "Permission denied"}.within("read marker").within("open store s1");
  EXPECT_EQ(error.kind, ErrorKind::denied);
  EXPECT_EQ(error.message, "open store s1: read marker: Permission denied");
}

TEST(Errors, TakeTheirKindFromErrno) {
  EXPECT_EQ(fail_errno(ENOSPC, "write").value().kind, ErrorKind::no_space);
  EXPECT_EQ(fail_errno(EACCES, "open").value().kind, ErrorKind::denied);
  EXPECT_EQ(fail_errno(ENOENT, "open").value().message, "open: No such file or directory");
}

TEST(RedactUrl, RemovesUserInfo) {
  EXPECT_EQ(redact_url("rtsp://user:pw@h/x"), "rtsp://h/x");
  EXPECT_EQ(redact_url("rtsp://user@h:554/x"), "rtsp://h:554/x");
  EXPECT_EQ(redact_url("rtsp://u:p@ss@h/x"), "rtsp://h/x");
  EXPECT_EQ(redact_url("rtsp://:@h/x"), "rtsp://h/x");
}

TEST(RedactUrl, LeavesOtherAddressesAlone) {
  for (const char* url :
       {"rtsp://h/x", "rtsp://h:554/x?a=b#c", "rtsp://h/x@y", "rtsp://[::1]:554/x@y", "", "no address"}) {
    EXPECT_EQ(redact_url(url), url);
  }
}

TEST(RedactUrl, RatherManglesAPathThanShowAPassword) {
  EXPECT_EQ(redact_url("rtsp://user:p/w@h/x"), "rtsp://h/x");
  EXPECT_EQ(redact_url("rtsp://user:1/2?3@h/x"), "rtsp://h/x");
  EXPECT_EQ(redact_url("user:pw@h/x"), "h/x");
}

TEST(RedactUrl, MasksPasswordsThatSomeCamerasWantInThePath) {
  EXPECT_EQ(redact_url("rtsp://h/user=admin&password=geheim&channel=1"),
            "rtsp://h/user=admin&password=***&channel=1");
  EXPECT_EQ(redact_url("rtsp://h/user=admin_password=geheim_channel=1"), "rtsp://h/user=admin_password=***");
  EXPECT_EQ(redact_url("rtsp://h/x?PWD=geheim"), "rtsp://h/x?PWD=***");
}

TEST(Hexadecimal, IsLowerCase) {
  EXPECT_EQ(to_hex({}), "");
  EXPECT_EQ(to_hex(Bytes{0x00, 0xff, 0x1a}), "00ff1a");
}

}  // namespace
}  // namespace mj
