#include "server/app.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "server/notify.h"
#include "tests/server/hall.h"
#include "tests/server/hand_clock.h"
#include "tests/storage/footage.h"

namespace mj::server {
namespace {

TEST(App, RecordsAndServes) {
  const mj::test::TemporaryDirectory folder;
  const SystemClock clock;
  App app(test::small_hall(folder.path()), clock);
  ASSERT_TRUE(app.start());
  app.serve();
  ASSERT_TRUE(app.serving());
  {
    const auto turning = test::again_and_again([&] { app.turn(); });
    EXPECT_EQ(test::ask(app.server()->url(), "GET", "/").status, 200);
  }
  app.stop();
  EXPECT_FALSE(app.serving());
}

TEST(App, APortInUseDoesNotStopRecordingAndIsTriedAgain) {
  const mj::test::TemporaryDirectory folder;
  test::Hall other;
  test::HandClock clock;
  config::Settings settings = test::small_hall(folder.path());
  const std::string url = other.url();
  settings.server.port = static_cast<uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  App app(settings, clock);
  ASSERT_TRUE(app.start());
  app.serve();
  EXPECT_FALSE(app.serving());
  other.stop_server();
  other.server.reset();
  app.serve();
  EXPECT_FALSE(app.serving()) << "tries again before 5 s";
  clock.advance(std::chrono::seconds(6));
  app.serve();
  EXPECT_TRUE(app.serving());
  EXPECT_EQ(app.server()->url(), url);
}

TEST(App, AMissingStoreIsSaidAndTheRestRuns) {
  const mj::test::TemporaryDirectory folder;
  const SystemClock clock;
  config::Settings settings = test::small_hall(folder.path());
  std::filesystem::remove_all(settings.stores[0].path);
  settings.stores[0].path = folder.path() / "absent" / "store";
  App app(settings, clock);
  ASSERT_TRUE(app.start());
  app.serve();
  ASSERT_TRUE(app.serving());
  const auto turning = test::again_and_again([&] { app.turn(); });
  const test::Answer health = test::ask(app.server()->url(), "GET", "/healthz");
  EXPECT_EQ(health.status, 503);
  EXPECT_THAT(health.body, testing::HasSubstr(R"("stores":1,"writable":0)"));
}

TEST(App, NoticesASilentWorkstation) {
  const mj::test::TemporaryDirectory folder;
  test::HandClock clock;
  const config::Settings settings = test::small_hall(folder.path());
  const WallTime begin = clock.now();
  App app(settings, clock);
  ASSERT_TRUE(app.start());
  clock.advance(std::chrono::minutes(1));
  app.turn();
  clock.advance(std::chrono::minutes(1));
  app.stop();
  const auto ledger = index::read_ledger(index_directory(settings), "ws-1.screen", begin,
                                         begin + std::chrono::minutes(1), clock);
  ASSERT_TRUE(ledger) << ledger.error().message;
  ASSERT_EQ(ledger->size(), 1U);
  ASSERT_FALSE(ledger->front().second.gaps.empty());
  EXPECT_EQ(ledger->front().second.gaps.back().cause, GapCause::agent_away);
}

TEST(App, DeletesFootageWhoseTimeIsOver) {
  const mj::test::TemporaryDirectory folder;
  const SystemClock clock;
  config::Settings settings = test::small_hall(folder.path());
  settings.retention.days = 1;
  const WallTime begin = std::chrono::floor<std::chrono::seconds>(clock.now()) - std::chrono::days(2);
  {
    const auto index = index::Index::open(index_directory(settings), clock).value();
    ASSERT_TRUE(index->apply(settings));
    storage::Recorder recorder(settings, clock, *index);
    recorder.start({});
    const auto run = storage::make_run("cam-w1.main", begin);
    ASSERT_TRUE(recorder.on_fragment(storage::make_fragment(run, begin)));
    recorder.stop();
    ASSERT_TRUE(index::Index::believe_clock(index_directory(settings)));
  }
  App app(settings, clock);
  ASSERT_TRUE(app.start());
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  const auto folder_of_stream = settings.stores[0].path / "cam-w1.main";
  while (!std::filesystem::is_empty(folder_of_stream) && std::chrono::steady_clock::now() < deadline) {
    app.turn();
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_of_stream));
  app.stop();
  app.turn();  // too late for anything
  const auto ledger = index::read_ledger(index_directory(settings), "cam-w1.main", begin,
                                         begin + std::chrono::seconds(1), clock);
  ASSERT_TRUE(ledger) << ledger.error().message;
  EXPECT_EQ(ledger->front().second.purged.size(), 1U);
}

TEST(App, TheLastCopyOfALostOrDamagedIndexIsNotPushedOut) {
  const mj::test::TemporaryDirectory folder;
  const SystemClock clock;
  config::Settings settings = test::small_hall(folder.path());
  settings.backup.directory = folder.path() / "backup";
  settings.backup.keep = 1;
  const auto file = index_directory(settings) / "index.db";
  const auto start_after = [&](const auto& damage) {
    std::filesystem::remove_all(settings.backup.directory);
    {
      const auto index = index::Index::open(index_directory(settings), clock).value();
      ASSERT_TRUE(index::Backups(*index).make(settings.backup.directory, 1, [] { return true; }));
    }
    damage();
    App app(settings, clock);
    ASSERT_TRUE(app.start());
    app.stop();
    int kept = 0;
    for (const auto& entry : std::filesystem::directory_iterator(settings.backup.directory))
      kept += entry.path().filename().string().starts_with("kept-index-") ? 1 : 0;
    EXPECT_EQ(kept, 1);
  };
  start_after([&] { std::filesystem::remove_all(file.parent_path()); });
  start_after([&] { std::filesystem::resize_file(file, 0); });
  start_after([&] { std::ofstream(file, std::ios::trunc) << std::string(8192, '#'); });
}

TEST(App, TwoOfThemDoNotShareAnIndex) {
  const mj::test::TemporaryDirectory folder;
  const SystemClock clock;
  const config::Settings settings = test::small_hall(folder.path());
  App first(settings, clock);
  ASSERT_TRUE(first.start());
  App second(settings, clock);
  const auto started = second.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().kind, ErrorKind::unavailable);
}

TEST(Notify, TellsTheServiceManager) {
  const mj::test::TemporaryDirectory folder;
  const std::string path = (folder.path() / "notify").string();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  ASSERT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  setenv("NOTIFY_SOCKET", path.c_str(), 1);
  notify_service_manager("READY=1");
  unsetenv("NOTIFY_SOCKET");
  std::array<char, 64> buffer{};
  const ssize_t length = recv(fd, buffer.data(), buffer.size(), 0);
  close(fd);
  ASSERT_GT(length, 0);
  EXPECT_EQ(std::string(buffer.data(), static_cast<std::size_t>(length)), "READY=1");
}

}  // namespace
}  // namespace mj::server
