// What a hostile or broken client sends. The server answers or closes; it never waits for ever and never
// falls over.
#include <gmock/gmock.h>

#include "server/limits.h"
#include "tests/server/agent_key.h"

namespace mj::server {
namespace {

using namespace std::string_literals;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kGet = "GET /healthz HTTP/1.1\r\nHost: x\r\n";

test::Hall::Options impatient() {
  test::Hall::Options options;
  options.tls = false;
  options.deadlines = Deadlines{milliseconds(300), milliseconds(300), milliseconds(600), milliseconds(300),
                                milliseconds(500), milliseconds(100), milliseconds(300), 64 * 1024};
  return options;
}

class HostileHttp : public testing::Test {
 protected:
  /// The status of what comes back for these bytes; 0 when the connection just ends.
  int status_of(const std::string& bytes) const {
    test::Client client(hall_.url());
    client.send(bytes);
    return client.read().status;
  }
  void expect_alive() const { EXPECT_EQ(test::ask(hall_.url(), "GET", "/").status, 200); }

  test::Hall hall_{impatient()};
};

TEST_F(HostileHttp, WhatIsNotHttpIsRefused) {
  for (const std::string bytes :
       {"hello\r\n\r\n", "GET\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost x\r\n\r\n", "GET / HTTP/1.1\r\n Host: x\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: x\r\n\r\n", "G\x01T / HTTP/1.1\r\nHost: x\r\n\r\n"}) {
    EXPECT_EQ(status_of(bytes), 400) << bytes;
  }
  EXPECT_EQ(status_of("GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n"s), 400);
  EXPECT_EQ(status_of("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s + std::string(500, 'x')), 400);
  expect_alive();
}

TEST_F(HostileHttp, HostIsThereExactlyOnce) {
  EXPECT_EQ(status_of("GET /healthz HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
}

TEST_F(HostileHttp, AddressesAreStrict) {
  for (const char* target : {"/%", "/%00", "/%zz", "/..%2f..%2fetc/passwd", "/../../etc/passwd",
                             "/%2e%2e/%2e%2e/etc/passwd", "//..//", "/assets/..", "/assets/%2e%2e/index.html",
                             "http://x/", "*", "/a%c0%af", "/\xE5\x8A\x9E", "/x#y"}) {
    const int status = test::ask(hall_.url(), "GET", target).status;
    EXPECT_TRUE(status == 400 || status == 404) << target << ' ' << status;
  }
  EXPECT_EQ(test::ask(hall_.url(), "GET", "/" + std::string(8000, 'a')).status, 400);
  expect_alive();
}

TEST_F(HostileHttp, HeadersAreBounded) {
  EXPECT_EQ(status_of(std::string(kGet) + "X: " + std::string(kHeaderBytes, 'x') + "\r\n\r\n"), 431);
  std::string many(kGet);
  for (int i = 0; i < 4000; ++i) many += "A: b\r\n";
  EXPECT_EQ(status_of(many + "\r\n"), 431);
  expect_alive();
}

TEST_F(HostileHttp, SmugglingIsRefused) {
  const std::string post = "POST /api/v1/sign-in HTTP/1.1\r\nHost: x\r\nX-Mingjing: 1\r\n";
  for (const char* framing :
       {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: -5\r\n", "Content-Length: 5x\r\n", "Content-Length: 99999999999999999999\r\n"}) {
    EXPECT_EQ(status_of(post + framing + "\r\n0\r\n\r\n"), 400) << framing;
  }
}

TEST_F(HostileHttp, BodiesAreBoundedBeforeTheyAreRead) {
  const std::string post = "POST /api/v1/sign-in HTTP/1.1\r\nHost: x\r\nX-Mingjing: 1\r\n";
  EXPECT_EQ(status_of(post + "Content-Length: 1000000000000\r\n\r\n"), 413);
  EXPECT_EQ(status_of(post + "Content-Length: 16385\r\n\r\n"), 413);
  std::string chunks = post + "Transfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 20; ++i) chunks += "400\r\n" + std::string(1024, 'x') + "\r\n";
  EXPECT_EQ(status_of(chunks + "0\r\n\r\n"), 413);
  const std::string shot =
      "POST /api/v1/screens/ws-1/entries HTTP/1.1\r\nHost: x\r\nContent-Length: 30000000\r\n";
  EXPECT_EQ(status_of(shot + "\r\n"), 401);  // nobody's body is received
  EXPECT_EQ(status_of(shot + "Authorization: Bearer " + test::agent_token(hall_, test::AgentKey(), "ws-1") +
                      "\r\n\r\n"),
            0);  // accepted, never sent
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n0123456789"), 413);
  expect_alive();
}

TEST_F(HostileHttp, SilenceEnds) {
  test::Client silent(hall_.url());
  EXPECT_TRUE(silent.closed_within(seconds(5)));
  test::Client half(hall_.url());
  half.send("GET / HT");
  EXPECT_TRUE(half.closed_within(seconds(5)));
}

TEST_F(HostileHttp, TricklingHeadersEnd) {
  test::Client client(hall_.url());
  const auto begun = std::chrono::steady_clock::now();
  bool open = client.send(std::string(kGet));
  while (open && std::chrono::steady_clock::now() - begun < seconds(8)) {
    open = client.send("X-A: b\r\n") && !client.closed_within(milliseconds(50));
  }
  EXPECT_FALSE(open);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, seconds(5));
}

TEST_F(HostileHttp, TricklingBodiesEnd) {
  test::Client client(hall_.url());
  const auto begun = std::chrono::steady_clock::now();
  bool open = client.send(
      "POST /api/v1/sign-in HTTP/1.1\r\nHost: x\r\nX-Mingjing: 1\r\nContent-Length: 10000\r\n\r\n");
  while (open && std::chrono::steady_clock::now() - begun < seconds(8)) {
    open = client.send("x") && !client.closed_within(milliseconds(50));
  }
  EXPECT_FALSE(open);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, seconds(5));
}

TEST_F(HostileHttp, WhoNeverReadsIsDropped) {
  hall_.sign_in();
  const WallTime begin = hall_.clock.now() - seconds(30);
  hall_.record(begin, 20, false);
  test::Client client(hall_.url());
  const std::string request = "GET /api/v1/streams/cam-w1.main/segments/" + std::to_string(to_us(begin)) +
                              " HTTP/1.1\r\nHost: x\r\nCookie: " + hall_.cookie() + "\r\n\r\n";
  // Many pipelined answers that nobody takes: once the socket is full the write deadline counts.
  const auto begun = std::chrono::steady_clock::now();
  bool open = true;
  while (open && std::chrono::steady_clock::now() - begun < seconds(9)) open = client.send(request);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, seconds(9));
  expect_alive();
}

TEST_F(HostileHttp, PipelinedRequestsAreAnsweredInOrder) {
  test::Client client(hall_.url());
  client.send(
      "GET /api/v1/me HTTP/1.1\r\nHost: x\r\n\r\nGET /nothing.png HTTP/1.1\r\nHost: x\r\n\r\nGET / "
      "HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.read().status, 401);
  EXPECT_EQ(client.read().status, 404);
  EXPECT_EQ(client.read().status, 200);
}

TEST_F(HostileHttp, ConnectionsAreKeptAndThenDropped) {
  test::Client client(hall_.url());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client.ask("GET", "/").status, 200);
  EXPECT_TRUE(client.closed_within(seconds(5)));
  test::Client once(hall_.url());
  EXPECT_EQ(once.ask("GET", "/", {{"Connection", "close"}}).header("Connection"), "close");
  EXPECT_TRUE(once.closed_within(milliseconds(400)));
}

TEST_F(HostileHttp, ExpectContinueIsAnswered) {
  test::Client client(hall_.url());
  client.send(
      "POST /api/v1/sign-in HTTP/1.1\r\nHost: x\r\nX-Mingjing: 1\r\nExpect: 100-continue\r\nContent-Length: "
      "2\r\n\r\n");
  EXPECT_EQ(client.read().status, 100);
  client.send("{}");
  EXPECT_EQ(client.read().status, 400);
}

TEST_F(HostileHttp, TooManyConnectionsAreRefusedAndOthersServed) {
  std::vector<std::unique_ptr<test::Client>> clients;
  for (std::size_t i = 0; i < kConnections + 20; ++i)
    clients.push_back(std::make_unique<test::Client>(hall_.url()));
  clients.clear();
  expect_alive();
}

}  // namespace
}  // namespace mj::server
