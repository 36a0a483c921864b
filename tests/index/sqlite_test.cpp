#include "index/sqlite.h"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/index/hall.h"

namespace mj::index::test {
namespace {

class Sqlite : public testing::Test {
 protected:
  std::unique_ptr<Database> open(Database::Mode mode = Database::Mode::write) {
    auto database = Database::open(folder_.path() / "t.db", mode);
    EXPECT_TRUE(database) << database.error().message;
    return std::move(*database);
  }
  mj::test::TemporaryDirectory folder_;
};

TEST_F(Sqlite, CarriesEveryTypeThereAndBack) {
  auto database = open();
  ASSERT_TRUE(database->script("CREATE TABLE t (a, b, c, d, e, f)"));
  const std::string text("null\0inside", 11);
  const Bytes blob = {0, 1, 255};
  ASSERT_TRUE(database->run("INSERT INTO t VALUES (?1, ?2, ?3, ?4, ?5, ?6)", int64_t{-5}, 0.25, text, blob,
                            at(1), std::optional<WallTime>()));
  auto row = database->query("SELECT a, b, c, d, e, f FROM t");
  ASSERT_TRUE(row && *row->step());
  EXPECT_EQ(row->integer(0), -5);
  EXPECT_EQ(row->real(1), 0.25);
  EXPECT_EQ(row->text(2), text);
  EXPECT_TRUE(std::ranges::equal(row->blob(3), blob));
  EXPECT_EQ(row->time(4), at(1));
  EXPECT_EQ(row->maybe_time(5), std::nullopt);
}

TEST_F(Sqlite, BindsEmptyTextAndBlobAsEmptyNotNull) {
  auto database = open();
  ASSERT_TRUE(database->script("CREATE TABLE t (a TEXT NOT NULL, b BLOB NOT NULL) STRICT"));
  EXPECT_TRUE(database->run("INSERT INTO t VALUES (?1, ?2)", std::string_view(), Bytes()));
}

TEST_F(Sqlite, ARowMayChangeWhatWasAskedWith) {
  auto database = open();
  ASSERT_TRUE(database->script("CREATE TABLE t (a, b); INSERT INTO t VALUES ('x', 1), ('x', 2), ('y', 3)"));
  std::string wanted = "x";
  std::vector<int64_t> found;
  const auto row = [&](const Statement& row) {
    found.push_back(row.integer(0));
    wanted = "y";
  };
  ASSERT_TRUE(database->each("SELECT b FROM t WHERE a = ?1", row, wanted));
  EXPECT_THAT(found, testing::ElementsAre(1, 2));
}

TEST_F(Sqlite, LendsTheSameStatementTwiceAtOnce) {
  auto database = open();
  ASSERT_TRUE(database->script("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)"));
  int pairs = 0;
  ASSERT_TRUE(database->each("SELECT a FROM t", [&](const Statement&) {
    EXPECT_TRUE(database->each("SELECT a FROM t", [&](const Statement&) { ++pairs; }));
  }));
  EXPECT_EQ(pairs, 4);
}

TEST_F(Sqlite, TellsKindsOfErrors) {
  auto database = open();
  ASSERT_TRUE(database->script("CREATE TABLE t (a UNIQUE)"));
  ASSERT_TRUE(database->run("INSERT INTO t VALUES (1)"));
  EXPECT_EQ(database->run("INSERT INTO t VALUES (1)").error().kind, ErrorKind::invalid);
  EXPECT_EQ(database->run("SELECT nonsense").error().kind, ErrorKind::internal);
  auto reader = open(Database::Mode::read);
  EXPECT_EQ(reader->run("INSERT INTO t VALUES (2)").error().kind, ErrorKind::denied);
  ASSERT_TRUE(database->script("PRAGMA max_page_count=2"));
  EXPECT_EQ(database->run("INSERT INTO t VALUES (?1)", std::string(100'000, 'x')).error().kind,
            ErrorKind::no_space);
}

TEST_F(Sqlite, RefusesAFileThatIsNoDatabase) {
  std::ofstream(folder_.path() / "t.db") << std::string(8'192, 'x');
  const auto database = Database::open(folder_.path() / "t.db", Database::Mode::write);
  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().kind, ErrorKind::corrupt);
}

TEST_F(Sqlite, RollsBackWhatIsNotCommitted) {
  auto database = open();
  ASSERT_TRUE(database->script("CREATE TABLE t (a)"));
  {
    auto transaction = Transaction::begin(*database, Transaction::Kind::write);
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(database->run("INSERT INTO t VALUES (1)"));
  }
  const auto count =
      database->first("SELECT count(*) FROM t", [](const Statement& row) { return row.integer(0); });
  EXPECT_EQ(**count, 0);
}

}  // namespace
}  // namespace mj::index::test
