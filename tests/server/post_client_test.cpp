#include "server/feeds/post_client.h"

#include <gmock/gmock.h>

#include "tests/server/hall.h"

namespace mj::server {
namespace {

constexpr const char* kTable =
    "type,id,at,window,ticket\n"
    "ticket_called,1,2024-11-20 09:00,w1,A1\n"
    "ticket_called,2,2024-11-20 09:10,w9,A2\n"
    "ticket_called,3,2024-11-20 09:20,w1,A3\n";

/// The settings of a hall, with the port that its server got.
config::Settings reachable(const test::Hall& hall) {
  config::Settings settings = hall.settings;
  const std::string url = hall.url();
  settings.server.port = static_cast<uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  settings.windows.push_back({"w9", "9号窗口", ""});  // the server does not know it
  return settings;
}

ImportReport import(const config::Settings& settings, const Clock& clock) {
  const PostClient client(settings, settings.feeds[0]);
  const config::Mapping mapping = config::plain_mapping();
  Importer importer({settings, settings.feeds[0], mapping, clock},
                    [&](const auto& events) { return client.post(events); });
  const auto done = import_bytes(importer, mapping, false, kTable, [](size_t, size_t) { return true; });
  EXPECT_TRUE(done) << done.error().message;
  return importer.report();
}

TEST(PostClient, TheRunningServerTakesEventsAndSaysWhichItRefuses) {
  const test::Hall hall;
  const config::Settings settings = reachable(hall);
  const ImportReport report = import(settings, hall.clock);
  EXPECT_EQ(report.summary(), "3 rows, 3 events: 2 new, 0 known already, 1 refused");
  ASSERT_EQ(report.problems.size(), 1U);
  EXPECT_EQ(report.problems[0].to_string(), "line 3, column \"window\": no window \"w9\" in the settings");
  EXPECT_EQ(import(settings, hall.clock).duplicates, 2) << "they are the same events";
}

TEST(PostClient, TrustsOnlyTheServerItKnowsAndIsKnownByItsToken) {
  const test::Hall hall;
  config::Settings settings = reachable(hall);
  settings.feeds[0].token = Secret("another-token-0123456789");
  const auto denied = PostClient(settings, settings.feeds[0]).post({});
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().kind, ErrorKind::denied);
  EXPECT_THAT(denied.error().message, testing::HasSubstr("restart it")) << "an operator knows what to do";
  const test::Hall other;
  settings.data_directory = other.settings.data_directory;
  const auto stranger = PostClient(settings, settings.feeds[0]).post({});
  ASSERT_FALSE(stranger);
  EXPECT_THAT(stranger.error().message, testing::HasSubstr("certificate verify failed"));
}

TEST(PostClient, SpeaksPlainHttpWhereTheServerDoes) {
  const test::Hall hall({.tls = false});
  EXPECT_EQ(import(reachable(hall), hall.clock).accepted, 2);
}

}  // namespace
}  // namespace mj::server
