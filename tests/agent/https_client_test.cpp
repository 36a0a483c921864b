#include "capture/agent/https_client.h"

#include <gmock/gmock.h>

#include <atomic>
#include <future>

#include "tests/agent/tls_server.h"
#include "tests/support/temporary_directory.h"

namespace mj::agent {
namespace {

using test::answer;
using test::Reply;
using test::ServedRequest;
using testing::HasSubstr;
using testing::Not;

class HttpsClientTest : public testing::Test {
 protected:
  void serve(test::TlsServer::Script script) {
    server_ = std::make_unique<test::TlsServer>(pair_, std::move(script));
  }

  std::unique_ptr<HttpsClient> client(HttpsOptions options = {}, const std::string& host = "127.0.0.1") {
    if (options.ca_file.empty()) options.ca_file = ca_file_;
    return std::move(*HttpsClient::create(server_->url(host), options));
  }

  const test::TemporaryDirectory folder_;
  const test::CertificatePair pair_ = test::make_certificate("DNS:localhost,IP:127.0.0.1");
  const std::filesystem::path ca_file_ = folder_.file("ca.pem", pair_.certificate_pem);
  std::unique_ptr<test::TlsServer> server_;
};

TEST_F(HttpsClientTest, SendsMethodTargetHeadersAndBody) {
  ServedRequest seen;
  serve([&](const ServedRequest& request) {
    seen = request;
    return answer(201, "made", "X-Note: one\r\n");
  });
  const auto response = client()->request("POST", "/a?b=c", {{"Authorization", "Bearer t"}}, "body");
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->body, "made");
  ASSERT_NE(response->header("x-note"), nullptr);
  EXPECT_EQ(*response->header("x-note"), "one");
  EXPECT_EQ(response->header("x-other"), nullptr);
  EXPECT_EQ(seen.method + " " + seen.target + " " + seen.body, "POST /a?b=c body");
  EXPECT_EQ(seen.authorization, "Bearer t");
  EXPECT_EQ(seen.host, "127.0.0.1:" + std::to_string(server_->port()));
}

TEST_F(HttpsClientTest, KeepsTheConnection) {
  serve([](const ServedRequest& request) { return answer(200, std::to_string(request.connection)); });
  const auto kept = client();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(kept->request("GET", "/")->body, "1");
}

TEST_F(HttpsClientTest, ConnectsAgainWhenTheServerDroppedTheIdleConnection) {
  serve([](const ServedRequest& request) {
    Reply reply = answer(200, std::to_string(request.connection));
    reply.close = request.connection == 1;  // without announcing it
    return reply;
  });
  const auto kept = client();
  EXPECT_EQ(kept->request("GET", "/")->body, "1");
  EXPECT_EQ(kept->request("GET", "/")->body, "2");
}

TEST_F(HttpsClientTest, DoesNotReuseAConnectionThatIsAnnouncedToClose) {
  serve([](const ServedRequest& request) {
    return answer(200, std::to_string(request.connection), "Connection: close\r\n");
  });
  const auto kept = client();
  EXPECT_EQ(kept->request("GET", "/")->body, "1");
  EXPECT_EQ(kept->request("GET", "/")->body, "2");
}

TEST_F(HttpsClientTest, ReadsChunkedAnswers) {
  serve([](const ServedRequest&) {
    return Reply{
        .bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"};
  });
  EXPECT_EQ(client()->request("GET", "/")->body, "abcdefg");
}

TEST_F(HttpsClientTest, RefusesAServerThatTheCaFileDoesNotKnow) {
  serve([](const ServedRequest&) { return answer(200, ""); });
  const auto other = folder_.file("other.pem", test::make_certificate("IP:127.0.0.1").certificate_pem);
  const auto response = client({.ca_file = other})->request("GET", "/");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::denied);
  EXPECT_THAT(response.error().message, HasSubstr("certificate"));
}

TEST_F(HttpsClientTest, RefusesSelfSignedServersOfTheSystemsAuthorities) {
  serve([](const ServedRequest&) { return answer(200, ""); });
  const auto response = (*HttpsClient::create(server_->url(), {}))->request("GET", "/");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::denied);
}

TEST_F(HttpsClientTest, ChecksTheHostName) {
  serve([](const ServedRequest&) { return answer(200, "by name"); });
  EXPECT_EQ(client({}, "localhost")->request("GET", "/")->body, "by name");
  const auto elsewhere = test::make_certificate("DNS:hall.example,IP:127.0.0.2");
  server_ =
      std::make_unique<test::TlsServer>(elsewhere, [](const ServedRequest&) { return answer(200, ""); });
  const HttpsOptions options{.ca_file = folder_.file("elsewhere.pem", elsewhere.certificate_pem)};
  for (const char* host : {"localhost", "127.0.0.1"}) {
    const auto response = client(options, host)->request("GET", "/");
    ASSERT_FALSE(response) << host;
    EXPECT_EQ(response.error().kind, ErrorKind::denied) << host;
    EXPECT_THAT(response.error().message, HasSubstr("mismatch")) << host;
  }
}

TEST_F(HttpsClientTest, GivesUpOnAServerThatDoesNotAnswer) {
  serve([](const ServedRequest&) { return Reply{.bytes = "HTTP/1.1 200 OK\r\nContent-Len", .hang = true}; });
  const auto response = client({.timeout = std::chrono::milliseconds(100)})->request("GET", "/");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(response.error().message, HasSubstr("within 100 ms"));
}

TEST_F(HttpsClientTest, WorksAgainAfterATimeout) {
  serve([](const ServedRequest& request) {
    return request.connection == 1 ? Reply{.bytes = "", .hang = true} : answer(200, "back");
  });
  const auto kept = client({.timeout = std::chrono::seconds(1)});
  EXPECT_FALSE(kept->request("GET", "/"));
  EXPECT_EQ(kept->request("GET", "/")->body, "back");
}

TEST_F(HttpsClientTest, GivesUpOnAKeptConnectionWithoutAskingTwice) {
  std::atomic<int> requests{0};
  serve([&](const ServedRequest&) {
    return ++requests == 1 ? answer(200, "") : Reply{.bytes = "", .hang = true};
  });
  const auto kept = client({.timeout = std::chrono::seconds(1)});
  ASSERT_TRUE(kept->request("GET", "/"));
  const auto response = kept->request("GET", "/");
  ASSERT_FALSE(response);
  EXPECT_THAT(response.error().message, HasSubstr("within 1000 ms"));
  EXPECT_EQ(requests, 2);
}

TEST_F(HttpsClientTest, KeepsItsTimeLimitHoweverShort) {
  serve([](const ServedRequest&) { return Reply{.bytes = "", .hang = true}; });
  for (int64_t timeout_us = 0; timeout_us < 12'000; timeout_us += 300) {
    EXPECT_FALSE(client({.timeout = Duration(timeout_us)})->request("GET", "/"));
  }
}

TEST_F(HttpsClientTest, SaysThatNobodyListens) {
  serve([](const ServedRequest&) { return answer(200, ""); });
  const auto kept = client();
  server_.reset();
  const auto response = kept->request("GET", "/");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(response.error().message, HasSubstr("refused"));
}

TEST_F(HttpsClientTest, BoundsTheAnswer) {
  serve([](const ServedRequest& request) {
    if (request.target == "/exact") return answer(200, std::string(1000, 'x'));
    if (request.target == "/long") return answer(200, std::string(1001, 'x'));
    if (request.target == "/lie")
      return Reply{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"};
    if (request.target == "/header") return answer(200, "", "X: " + std::string(20000, 'x') + "\r\n");
    std::string chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (int i = 0; i < 20; ++i) chunks += "64\r\n" + std::string(100, 'x') + "\r\n";
    return Reply{.bytes = chunks + "0\r\n\r\n"};
  });
  const auto kept = client({.max_answer_bytes = 1000});
  EXPECT_EQ(kept->request("GET", "/exact")->body.size(), 1000);
  for (const char* target : {"/long", "/lie", "/header", "/chunks"}) {
    const auto response = kept->request("GET", target);
    ASSERT_FALSE(response) << target;
    EXPECT_EQ(response.error().kind, ErrorKind::invalid) << target << ": " << response.error().message;
  }
  EXPECT_TRUE(kept->request("GET", "/exact")) << "a refused answer must not spoil what follows";
}

TEST_F(HttpsClientTest, RefusesWhatIsNotHttpAndWhatEndsEarly) {
  serve([](const ServedRequest& request) {
    if (request.target == "/garbage") return Reply{.bytes = "SSH-2.0-OpenSSH\r\n\r\n", .close = true};
    return Reply{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", .close = true};
  });
  EXPECT_EQ(client()->request("GET", "/garbage").error().kind, ErrorKind::invalid);
  EXPECT_EQ(client()->request("GET", "/short").error().kind, ErrorKind::unavailable);
}

TEST_F(HttpsClientTest, SendsAndReceivesMegabytes) {
  serve([](const ServedRequest& request) { return answer(200, request.body); });
  std::string body(std::size_t{8} << 20, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 31 + (i >> 12));
  const auto response = client({.max_answer_bytes = body.size()})->request("POST", "/", {}, body);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_TRUE(response->body == body);
}

TEST_F(HttpsClientTest, FollowsNoRedirect) {
  int requests = 0;
  serve([&](const ServedRequest&) {
    ++requests;
    return answer(302, "", "Location: https://127.0.0.1:1/\r\n");
  });
  EXPECT_EQ(client()->request("GET", "/")->status, 302);
  EXPECT_EQ(requests, 1);
}

TEST_F(HttpsClientTest, CancelEndsTheRequestUnderWayAndLaterOnes) {
  std::promise<void> arrived;
  serve([&](const ServedRequest&) {
    arrived.set_value();
    return Reply{.bytes = "", .hang = true};
  });
  const auto kept = client({.timeout = std::chrono::seconds(60)});
  auto pending = std::async(std::launch::async, [&] { return kept->request("GET", "/"); });
  arrived.get_future().wait();
  kept->cancel();
  EXPECT_EQ(pending.get().error().kind, ErrorKind::cancelled);
  EXPECT_EQ(kept->request("GET", "/").error().kind, ErrorKind::cancelled);
}

TEST_F(HttpsClientTest, RefusesInjectedHeadersAndBadTargets) {
  serve([](const ServedRequest&) { return answer(200, ""); });
  const auto kept = client();
  const auto injected = kept->request("GET", "/", {{"Authorization", "Bearer secret\r\nX: y"}});
  ASSERT_FALSE(injected);
  EXPECT_EQ(injected.error().kind, ErrorKind::invalid);
  EXPECT_THAT(injected.error().message, Not(HasSubstr("secret")));
  for (const char* target : {"", "x", "/a b", "/a\r\nX: y"})
    EXPECT_FALSE(kept->request("GET", target)) << target;
  EXPECT_FALSE(kept->request("G E T", "/"));
}

TEST(HttpsAddress, TakesOnlyHttpsOrigins) {
  for (const char* good :
       {"https://hall.example", "https://hall.example/", "https://10.0.0.1:8443", "https://[::1]:8443"}) {
    EXPECT_TRUE(HttpsClient::create(good, {})) << good;
  }
  for (const char* bad : {"", "hall.example", "http://hall.example", "https://", "https://u:p@hall.example",
                          "https://hall.example/x", "https://hall.example?x", "https://hall.example#x",
                          "https://hall example"}) {
    const auto created = HttpsClient::create(bad, {});
    ASSERT_FALSE(created) << bad;
    EXPECT_EQ(created.error().kind, ErrorKind::invalid) << bad;
    EXPECT_THAT(created.error().message, Not(HasSubstr("u:p")));
  }
}

TEST(HttpsAddress, NamesAMissingCaFile) {
  const auto created = HttpsClient::create("https://hall.example", {.ca_file = "/nonexistent/ca.pem"});
  ASSERT_FALSE(created);
  EXPECT_THAT(created.error().message, HasSubstr("/nonexistent/ca.pem"));
}

TEST(ReadToken, TrimsOneLineAndRefusesTheRest) {
  const test::TemporaryDirectory folder;
  EXPECT_EQ(read_token(folder.file("good", " abc-123\r\n"))->reveal(), "abc-123");
  EXPECT_FALSE(read_token(folder.file("empty", "\n")));
  EXPECT_FALSE(read_token(folder.file("long", std::string(600, 'x'))));
  EXPECT_FALSE(read_token(folder.path() / "missing"));
  const auto two_lines = read_token(folder.file("two", "hidden\nhidden"));
  ASSERT_FALSE(two_lines);
  EXPECT_THAT(two_lines.error().message, Not(HasSubstr("hidden")));
}

}  // namespace
}  // namespace mj::agent
