#include "server/assets.h"

#include <gmock/gmock.h>

#include "tests/server/hall.h"

namespace mj::server {
namespace {

using testing::HasSubstr;

TEST(Assets, GzipIsTakenWhenAllowed) {
  for (const char* yes :
       {"gzip", "gzip, deflate, br", "deflate, GZIP", "*", "gzip;q=0.5", "br;q=1.0, gzip;q=0.8"}) {
    EXPECT_TRUE(accepts_gzip(yes)) << yes;
  }
  for (const char* no : {"", "identity", "br", "gzip;q=0", "gzip; q=0.000", "xgzip"})
    EXPECT_FALSE(accepts_gzip(no)) << no;
}

TEST(Assets, ThePageIsServedPackedAndUnpacked) {
  test::Hall hall;
  const test::Answer plain = hall.get("/");
  EXPECT_EQ(plain.status, 200);
  EXPECT_EQ(plain.header("Content-Encoding"), "");
  EXPECT_THAT(plain.body, HasSubstr("<html"));
  EXPECT_EQ(plain.header("Cache-Control"), "no-cache");
  const test::Answer packed = hall.get("/", {{"Accept-Encoding", "gzip"}});
  EXPECT_EQ(packed.header("Content-Encoding"), "gzip");
  EXPECT_EQ(packed.body.substr(0, 2), "\x1f\x8b");
  EXPECT_EQ(hall.get("/", {{"If-None-Match", plain.header("ETag")}}).status, 304);
}

TEST(Assets, ClientRoutesGetThePageAndMissingFilesDoNot) {
  test::Hall hall;
  EXPECT_THAT(hall.get("/cases/20260105-100137").body, HasSubstr("<html"));
  EXPECT_THAT(hall.get("/a/b/c").body, HasSubstr("<html"));
  EXPECT_EQ(hall.get("/assets/nothing.js").status, 404);
  EXPECT_EQ(hall.get("/favicon.ico").status, 404);
  EXPECT_EQ(test::ask(hall.url(), "POST", "/").status, 405);
  test::Client client(hall.url());
  const test::Answer head = client.ask("HEAD", "/");
  EXPECT_EQ(head.status, 200);
  EXPECT_NE(head.header("Content-Length"), "0");
  EXPECT_EQ(client.ask("GET", "/").status, 200);
}

TEST(Assets, EveryEmbeddedFileUnpacks) {
  test::Hall hall;
  for (const Asset& asset : embedded_assets()) {
    const test::Answer answer = hall.get("/" + std::string(asset.path));
    EXPECT_EQ(answer.status, 200) << asset.path;
    EXPECT_EQ(answer.body.size(), asset.bytes) << asset.path;
  }
}

TEST(Assets, EveryAnswerCarriesThePolicies) {
  test::Hall hall;
  for (const char* target : {"/", "/healthz", "/api/v1/me", "/nothing.png", "/%"}) {
    const test::Answer answer = hall.get(target);
    EXPECT_THAT(answer.header("Content-Security-Policy"), HasSubstr("default-src 'self'")) << target;
    EXPECT_THAT(answer.header("Content-Security-Policy"), HasSubstr("frame-ancestors 'none'")) << target;
    EXPECT_THAT(answer.header("Content-Security-Policy"), testing::Not(HasSubstr("unsafe"))) << target;
    EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff") << target;
    EXPECT_EQ(answer.header("Referrer-Policy"), "no-referrer") << target;
    EXPECT_EQ(answer.header("Cross-Origin-Opener-Policy"), "same-origin") << target;
    EXPECT_NE(answer.header("Strict-Transport-Security"), "") << target;
  }
}

}  // namespace
}  // namespace mj::server
