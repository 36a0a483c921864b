#include "index/migrate.h"

#include <gmock/gmock.h>

#include <fstream>
#include <set>
#include <sstream>

#include "tests/index/hall.h"

namespace mj::index::test {
namespace {

std::string read(const std::filesystem::path& file) {
  std::ifstream in(file);
  EXPECT_TRUE(in) << file;
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::filesystem::path source(const char* path) {
  return std::filesystem::path(MJ_SOURCE_DIRECTORY) / path;
}

class Migrate : public testing::Test {
 protected:
  std::unique_ptr<Database> create(const char* name) {
    auto database = Database::open(folder_.path() / name, Database::Mode::write);
    EXPECT_TRUE(database) << database.error().message;
    return std::move(*database);
  }

  /// Everything that SQLite knows of a schema, whatever words made it.
  static std::set<std::string> shape(Database& database) {
    std::set<std::string> lines;
    const auto collect = [&](const Statement& row) {
      std::string line;
      for (int i = 0; i < 8; ++i) line += row.text(i) + "|";
      lines.insert(line);
    };
    EXPECT_TRUE(
        database.each("SELECT 'table', name, type, ncol, wr, strict, 0, 0 FROM pragma_table_list"
                      " WHERE schema = 'main'",
                      collect));
    EXPECT_TRUE(
        database.each("SELECT t.name, c.cid, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk, c.hidden"
                      " FROM pragma_table_list AS t JOIN pragma_table_xinfo(t.name) AS c",
                      collect));
    EXPECT_TRUE(
        database.each("SELECT t.name, i.name, i.\"unique\", i.partial, x.seqno, x.name, x.\"desc\", x.coll"
                      " FROM pragma_table_list AS t JOIN pragma_index_list(t.name) AS i"
                      " JOIN pragma_index_xinfo(i.name) AS x",
                      collect));
    EXPECT_TRUE(
        database.each("SELECT t.name, f.\"table\", f.\"from\", f.\"to\", f.on_update, f.on_delete, f.seq, 0"
                      " FROM pragma_table_list AS t JOIN pragma_foreign_key_list(t.name) AS f",
                      collect));
    EXPECT_TRUE(
        database.each("SELECT type, name, CASE WHEN type IN ('view', 'index') THEN sql END,"
                      " 0, 0, 0, 0, 0 FROM sqlite_schema",
                      collect));
    return lines;
  }

  static int64_t number(Database& database, const char* sql) {
    return database.first(sql, [](const Statement& row) { return row.integer(0); }).value().value();
  }

  mj::test::TemporaryDirectory folder_;
};

TEST_F(Migrate, FromNothingEqualsTheDocumentedSchema) {
  auto migrated = create("migrated.db");
  ASSERT_TRUE(migrate(*migrated));
  auto documented = create("documented.db");
  ASSERT_TRUE(documented->script(std::string(schema_text())));
  EXPECT_EQ(shape(*migrated), shape(*documented));
  EXPECT_GT(shape(*migrated).size(), 100U);
}

TEST_F(Migrate, MarksTheFileAsOurs) {
  auto database = create("a.db");
  ASSERT_TRUE(migrate(*database));
  EXPECT_EQ(number(*database, "PRAGMA application_id"), kApplicationId);
  EXPECT_EQ(number(*database, "PRAGMA user_version"), static_cast<int64_t>(migrations().size()));
  ASSERT_TRUE(migrate(*database)) << "a second time changes nothing";
}

TEST_F(Migrate, RefusesAFileOfANewerProgram) {
  auto database = create("a.db");
  ASSERT_TRUE(migrate(*database));
  ASSERT_TRUE(database->script("PRAGMA user_version=99"));
  const auto again = migrate(*database);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::invalid);
  EXPECT_THAT(again.error().message, testing::HasSubstr("schema version 99"));
}

TEST_F(Migrate, RefusesSomebodyElsesDatabase) {
  auto database = create("a.db");
  ASSERT_TRUE(database->script("CREATE TABLE contacts (name)"));
  EXPECT_EQ(migrate(*database).error().kind, ErrorKind::invalid);
  EXPECT_EQ(number(*database, "SELECT count(*) FROM sqlite_schema"), 1);
}

/// Every version that was ever released is kept as a dump with a small hall's facts in it.
class OldVersion : public Migrate, public testing::WithParamInterface<const char*> {};

TEST_P(OldVersion, OpensAndStillKnowsItsCase) {
  const auto directory = folder_.path() / "index";
  std::filesystem::create_directories(directory);
  {
    auto database = Database::open(directory / "index.db", Database::Mode::write);
    ASSERT_TRUE((*database)->script(read(source("tests/index/fixtures") / GetParam())));
  }
  FakeClock clock;
  auto index = Index::open(directory, clock);
  ASSERT_TRUE(index) << index.error().message;
  const auto answer = (*index)->case_answer("20261121-000137");
  ASSERT_TRUE(answer) << answer.error().message;
  ASSERT_EQ(answer->visits.size(), 1U);
  EXPECT_EQ(answer->visits[0].ticket, "A012");
  ASSERT_GE(answer->visits[0].streams.size(), 3U);
  EXPECT_EQ(answer->visits[0].streams[0].state, FootageState::footage);
  EXPECT_EQ((*index)->fragments("cam-w1.main", at(0), at(100'000)).value().size(), 2U);
  EXPECT_EQ((*index)->shots("ws-1.screen", at(0), at(100'000), 10).value().at(0).title, "不动产登记 000137");
}

INSTANTIATE_TEST_SUITE_P(All, OldVersion, testing::Values("v1.sql", "v2.sql", "v3.sql"),
                         [](const auto& param) { return std::string(param.param, 2); });

}  // namespace
}  // namespace mj::index::test
