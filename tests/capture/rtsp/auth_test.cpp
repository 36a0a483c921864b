#include "capture/rtsp/auth.h"

#include <gtest/gtest.h>

namespace mj::capture::rtsp {
namespace {

Message refusal(std::initializer_list<const char*> offers) {
  Message message;
  message.status = 401;
  for (const char* offer : offers) message.headers.push_back({"WWW-Authenticate", offer});
  return message;
}

TEST(RtspAuth, ComputesTheDigestsOfRfc7616) {
  Challenge challenge;
  challenge.realm = "http-auth@example.org";
  challenge.nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
  challenge.qop_auth = true;
  const DigestInput input{
      "Mufasa", "Circle of Life", "GET", "/dir/index.html", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
      1};
  challenge.scheme = Challenge::Scheme::digest_md5;
  EXPECT_EQ(digest_response(challenge, input), "8ca523f5e9506fed4657c9700eebdbec");
  challenge.scheme = Challenge::Scheme::digest_sha256;
  EXPECT_EQ(digest_response(challenge, input),
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
}

TEST(RtspAuth, ComputesADigestWithoutQop) {
  Challenge challenge;
  challenge.scheme = Challenge::Scheme::digest_md5;
  challenge.realm = "testrealm@host.com";
  challenge.nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093";
  // RFC 2069 §2.4 with the erratum's value.
  EXPECT_EQ(digest_response(challenge, {"Mufasa", "CircleOfLife", "GET", "/dir/index.html", "", 1}),
            "1949323746fe6a43ef61f9606e7febea");
}

TEST(RtspAuth, ChoosesTheStrongestOffer) {
  const auto offer =
      strongest_challenge(refusal({"Basic realm=\"cam\"", R"(Digest realm="cam", nonce="a", algorithm=MD5)",
                                   R"(Digest realm="cam",nonce="b",algorithm="SHA-256",qop="auth,auth-int")",
                                   R"(Digest realm="cam", nonce="c", algorithm=MD5-sess)", "Bearer x"}));
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->scheme, Challenge::Scheme::digest_sha256);
  EXPECT_EQ(offer->nonce, "b");
  EXPECT_TRUE(offer->qop_auth);
  EXPECT_FALSE(strongest_challenge(refusal({"Bearer x"})));
}

TEST(RtspAuth, SendsNothingUnasked) {
  Authenticator auth("admin", Secret("pw"));
  EXPECT_EQ(auth.authorization("DESCRIBE", "rtsp://h/"), "");
}

TEST(RtspAuth, AnswersBasicAndQuotesSpecialCharacters) {
  Authenticator basic("admin", Secret("p:w d#&%\"\\"));
  ASSERT_TRUE(basic.answer(refusal({"Basic realm=\"x\""}), false));
  EXPECT_EQ(basic.authorization("DESCRIBE", "rtsp://h/"), "Basic YWRtaW46cDp3IGQjJiUiXA==");
  Authenticator digest("ad\"min", Secret("x"));
  ASSERT_TRUE(digest.answer(refusal({R"(Digest realm="a \"b\"", nonce="n", opaque="o")"}), false));
  const std::string value = digest.authorization("DESCRIBE", "rtsp://h/");
  EXPECT_NE(value.find(R"(username="ad\"min")"), std::string::npos);
  EXPECT_NE(value.find(R"(realm="a \"b\"")"), std::string::npos);
  EXPECT_NE(value.find(R"(opaque="o")"), std::string::npos);
}

TEST(RtspAuth, CountsUsesOfANonce) {
  Authenticator auth("u", Secret("p"));
  ASSERT_TRUE(auth.answer(refusal({R"(Digest realm="r", nonce="n", qop="auth")"}), false));
  EXPECT_NE(auth.authorization("A", "u").find("nc=00000001"), std::string::npos);
  EXPECT_NE(auth.authorization("B", "u").find("nc=00000002"), std::string::npos);
}

TEST(RtspAuth, GivesUpWhenFreshCredentialsAreRefused) {
  Authenticator auth("u", Secret("wrong"));
  ASSERT_TRUE(auth.answer(refusal({R"(Digest realm="r", nonce="n1")"}), false));
  (void)auth.authorization("DESCRIBE", "u");
  const auto second = auth.answer(refusal({R"(Digest realm="r", nonce="n2")"}), true);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::denied);
  EXPECT_EQ(auth.authorization("DESCRIBE", "u"), "") << "a refused password is not sent again";
}

TEST(RtspAuth, TakesANewNonceForAStaleOne) {
  Authenticator auth("u", Secret("p"));
  ASSERT_TRUE(auth.answer(refusal({R"(Digest realm="r", nonce="n1")"}), false));
  (void)auth.authorization("DESCRIBE", "u");
  EXPECT_TRUE(auth.answer(refusal({R"(Digest realm="r", nonce="n2", stale=TRUE)"}), true));
  (void)auth.authorization("DESCRIBE", "u");
  (void)auth.authorization("GET_PARAMETER", "u");
  EXPECT_TRUE(auth.answer(refusal({R"(Digest realm="r", nonce="n3")"}), true))
      << "it worked before: one more try";
}

TEST(RtspAuth, SaysWhenNoUserIsConfigured) {
  Authenticator auth("", Secret());
  const auto result = auth.answer(refusal({"Basic realm=\"x\""}), false);
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("user name"), std::string::npos);
}

}  // namespace
}  // namespace mj::capture::rtsp
