#include "index/writer.h"

#include <gmock/gmock.h>

#include <future>

#include "tests/index/hall.h"

namespace mj::index::test {
namespace {

constexpr const char* kInsert = "INSERT INTO t (a, filler) VALUES (?1, zeroblob(10000))";
constexpr uint64_t kBallastBytes = 64 << 10;

class WriterTest : public testing::Test {
 protected:
  void SetUp() override {
    auto database = Database::open(file(), Database::Mode::write);
    ASSERT_TRUE(database);
    ASSERT_TRUE((*database)->script("CREATE TABLE t (a UNIQUE, filler)"));
    Ballast ballast(ballast_file(), kBallastBytes);
    ASSERT_TRUE(ballast.restore());
    writer_ = std::make_unique<Writer>(std::move(*database), std::move(ballast), clock_, limits());
  }

  static Writer::Limits limits() {
    return {.queue = 100, .batch = 8, .first_wait = seconds(1), .longest_wait = seconds(4)};
  }
  std::filesystem::path file() const { return folder_.path() / "t.db"; }
  std::filesystem::path ballast_file() const { return folder_.path() / "ballast"; }

  static Writer::Command insert(int64_t value) {
    return [value](Database& database) { return database.run(kInsert, value); };
  }
  Result<void> set_quota(int pages) {
    return writer_->call([pages](Database& database) {
      return database.script(fmt::format("PRAGMA max_page_count={}", pages));
    });
  }
  int64_t rows() {
    auto reader = Database::open(file(), Database::Mode::read);
    return (*reader)
        ->first("SELECT count(*) FROM t", [](const Statement& row) { return row.integer(0); })
        .value()
        .value();
  }

  mj::test::TemporaryDirectory folder_;
  FakeClock clock_;
  std::unique_ptr<Writer> writer_;
};

TEST_F(WriterTest, AcknowledgesOnlyWhatIsInTheFile) {
  ASSERT_TRUE(writer_->call(insert(1)));
  EXPECT_EQ(rows(), 1);
}

TEST_F(WriterTest, UndoesAWrongCommandAloneAndTellsItsCaller) {
  std::promise<void> blocked;
  std::thread hold([&] {
    static_cast<void>(writer_->call([&](Database&) -> Result<void> {
      blocked.get_future().wait();
      return {};
    }));
  });
  auto first = std::async(std::launch::async, [&] { return writer_->call(insert(1)); });
  auto second = std::async(std::launch::async, [&] {
    return writer_->call([](Database& database) -> Result<void> {
      MJ_CHECK(database.run(kInsert, 2));
      return database.run(kInsert, 2);
    });
  });
  auto third = std::async(std::launch::async, [&] { return writer_->call(insert(3)); });
  blocked.set_value();
  hold.join();
  EXPECT_TRUE(first.get());
  const auto wrong = second.get();
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind, ErrorKind::invalid);
  EXPECT_TRUE(third.get());
  EXPECT_EQ(rows(), 2);
  EXPECT_TRUE(writer_->healthy());
}

TEST_F(WriterTest, LeavesNothingOfAWrongCommandThatHadTheTransactionToItself) {
  const auto wrong = writer_->call([](Database& database) -> Result<void> {
    MJ_CHECK(database.run(kInsert, 1));
    return database.run(kInsert, 1);
  });
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind, ErrorKind::invalid);
  EXPECT_EQ(rows(), 0);
  EXPECT_TRUE(writer_->healthy());
  EXPECT_TRUE(writer_->call(insert(1)));
  EXPECT_EQ(rows(), 1);
}

TEST_F(WriterTest, TellsCallersThatTheDiskIsFullAndGivesUpItsBallast) {
  ASSERT_TRUE(set_quota(1));
  ASSERT_TRUE(std::filesystem::exists(ballast_file()));
  const auto refused = writer_->call(insert(1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::no_space);
  EXPECT_FALSE(writer_->healthy());
  EXPECT_THAT(writer_->last_error(), testing::HasSubstr("full"));
  EXPECT_FALSE(std::filesystem::exists(ballast_file()));
}

TEST_F(WriterTest, KeepsEventsInOrderUntilTheDiskTakesThem) {
  ASSERT_TRUE(set_quota(1));
  std::vector<int> order;  // of the writer thread until settled
  for (int i = 0; i < 20; ++i) {
    writer_->post(
        [i, &order](Database& database) -> Result<void> {
          MJ_CHECK(database.run(kInsert, i));
          order.push_back(i);
          return {};
        },
        [](const Result<void>& result) { EXPECT_TRUE(result); });
  }
  ASSERT_FALSE(writer_->call(insert(1'000)));
  EXPECT_EQ(rows(), 0);
  ASSERT_TRUE(set_quota(100'000)) << "a call is tried even while events wait";
  ASSERT_TRUE(writer_->call([&](Database&) -> Result<void> { return {}; }));
  EXPECT_EQ(rows(), 20);
  EXPECT_TRUE(std::ranges::is_sorted(order));
  EXPECT_TRUE(writer_->healthy());
  EXPECT_EQ(writer_->lost(), 0U);
}

TEST_F(WriterTest, RemakesTheBallastWhenThereIsRoomAgain) {
  ASSERT_TRUE(set_quota(1));
  ASSERT_FALSE(writer_->call(insert(1)));
  ASSERT_TRUE(set_quota(100'000));
  clock_.advance(seconds(61));
  ASSERT_TRUE(writer_->call(insert(2)));
  ASSERT_TRUE(writer_->call(insert(3)));  // after the round in which the ballast is minded
  EXPECT_TRUE(std::filesystem::exists(ballast_file()));
}

TEST_F(WriterTest, CountsWhatItCannotKeep) {
  ASSERT_TRUE(set_quota(1));
  std::atomic<int> refused = 0;
  for (int i = 0; i < 500; ++i) {
    writer_->post(insert(i), [&](const Result<void>& result) { refused += result ? 0 : 1; });
  }
  static_cast<void>(writer_->call(insert(1'000)));
  EXPECT_GT(writer_->lost(), 0U);
  writer_.reset();
  EXPECT_EQ(refused, 500);
}

TEST_F(WriterTest, DropsAnEventThatIsItselfWrongAndGoesOn) {
  std::atomic<int> failed = 0;
  writer_->post([](Database& database) { return database.run("INSERT INTO nowhere VALUES (1)"); },
                [&](const Result<void>& result) { failed += result ? 0 : 1; });
  ASSERT_TRUE(writer_->call(insert(1)));
  EXPECT_EQ(failed, 1);
  EXPECT_EQ(writer_->lost(), 1U);
  EXPECT_TRUE(writer_->healthy());
}

TEST_F(WriterTest, CommitsWhatIsQueuedBeforeItStops) {
  for (int i = 0; i < 50; ++i) {
    writer_->post(insert(i), [](const Result<void>& result) { EXPECT_TRUE(result); });
  }
  writer_.reset();
  EXPECT_EQ(rows(), 50);
}

}  // namespace
}  // namespace mj::index::test
