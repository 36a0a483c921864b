#include "tests/server/hall.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <thread>

#include "tests/storage/footage.h"

namespace mj::test {
namespace {

/// Hashing that costs nothing; deadlines as operators have them.
server::Tuning tuning_of(const Hall::Options& options) {
  server::Tuning tuning;
  tuning.password_cost = {1, 8192};
  tuning.deadlines.drain = std::chrono::milliseconds(500);
  if (options.deadlines) tuning.deadlines = *options.deadlines;
  return tuning;
}

}  // namespace

config::Settings small_hall(const std::filesystem::path& folder) {
  config::Settings settings;
  settings.hall = {"h1", "示范大厅", "Asia/Shanghai"};
  settings.areas = {{"lobby", "大厅"}};
  settings.windows = {{"w1", "1号窗口", "lobby"}};
  settings.clerks = {{"1037", "张敏"}};
  config::Camera camera;
  camera.id = "cam-w1";
  camera.name = "1号窗口摄像机";
  camera.url = "rtsp://127.0.0.1:9/main";
  camera.user = "admin";
  camera.password = Secret(kCameraPassword);
  camera.window = "w1";
  camera.purpose = "投诉核查";
  camera.legal_basis = "条例";
  settings.cameras = {camera};
  settings.workstations = {{"ws-1", "1号工位", "w1", "1037"}, {"ws-2", "2号工位", "w1", ""}};
  settings.feeds = {{"queue", Secret(kFeedToken)}};
  settings.stores = {{"s1", folder / "store", 0}};
  settings.server.port = 0;
  settings.data_directory = folder / "data";
  std::filesystem::create_directories(settings.stores[0].path);
  std::filesystem::create_directories(settings.data_directory);
  return settings;
}

std::jthread serving(server::Server& server) {
  return again_and_again([&server] { server.serve_for(std::chrono::milliseconds(10)); });
}

Hall::Hall() : Hall(Options{}) {}

Hall::Hall(const Options& options) : settings(small_hall(folder.path())) {
  settings.server.tls = options.tls;
  settings.server.port = options.port;
  index = index::Index::open(settings.data_directory / "index", clock).value();
  EXPECT_TRUE(index->apply(settings));
  reader = std::make_unique<storage::Reader>(settings.stores);
  recorder = std::make_unique<storage::Recorder>(settings, clock, *index);
  recorder->start({});
  capture = std::make_unique<capture::Capture>(settings, clock, *recorder);
  server = std::make_unique<server::Server>(
      server::Context{settings, clock, *index, *reader, *capture, [this] { return recorder->status(); }},
      tuning_of(options));
  const auto started = server->start();
  EXPECT_TRUE(started) << started.error().message;
  serving_ = serving(*server);
}

void Hall::stop_server() {
  serving_ = {};
  server->stop();
}

Hall::~Hall() {
  serving_ = {};
  server.reset();
  capture.reset();
  recorder.reset();
}

std::string Hall::certificate() const {
  return (settings.data_directory / "server.crt").string();
}

Headers Hall::person() const {
  return {{"Cookie", cookie_}, {"X-Mingjing", "1"}};
}

Answer Hall::get(const std::string& target, Headers headers) const {
  if (!cookie_.empty()) headers.emplace_back("Cookie", cookie_);
  return ask(url(), "GET", target, headers);
}

Answer Hall::post(const std::string& target, const std::string& body, Headers headers) const {
  if (!cookie_.empty()) headers.emplace_back("Cookie", cookie_);
  headers.emplace_back("X-Mingjing", "1");
  return ask(url(), "POST", target, headers, body);
}

Answer Hall::post_as(const std::string& token, const std::string& target, const std::string& body) const {
  return ask(url(), "POST", target, {{"Authorization", "Bearer " + token}}, body);
}

void Hall::call_case() {
  const auto told =
      post_as(kFeedToken, "/api/v1/events",
              R"({"events":[{"id":"1","type":"ticket_called","at":")" + format_rfc3339(clock.now()) +
                  R"(","window":"w1","ticket":"A1","case":"SC-1"}]})");
  ASSERT_EQ(told.status, 200) << told.body;
}

void Hall::sign_in() {
  namespace json = boost::json;
  const json::object form{{"token", server->first_sign_in_token()},
                          {"login", "zhao"},
                          {"display_name", "赵审核"},
                          {"password", kPassword}};
  const Answer answer = post("/api/v1/sign-in/first", json::serialize(form));
  ASSERT_EQ(answer.status, 200) << answer.body;
  const std::string set = answer.header("Set-Cookie");
  cookie_ = set.substr(0, set.find(';'));
}

void Hall::record(WallTime begin, int fragments, bool close) {
  const auto run = storage::make_run("cam-w1.main", begin);
  for (int i = 0; i < fragments; ++i) {
    ASSERT_TRUE(recorder->on_fragment(storage::make_fragment(run, begin + std::chrono::seconds(i))));
  }
  if (close) recorder->stop();
  const WallTime end = begin + std::chrono::seconds(fragments);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < deadline) {
    const auto segments = index->fragments("cam-w1.main", begin, end);
    if (segments && !segments->empty() && segments->back().end >= end &&
        (!close || !segments->back().segment.open))
      return;
    std::this_thread::yield();
  }
  FAIL() << "the footage did not become durable";
}

}  // namespace mj::test
