#include "index/sizes.h"

#include <gmock/gmock.h>

#include "index/sqlite.h"
#include "tests/index/hall.h"

namespace mj::index::test {
namespace {

class Sizes : public testing::Test {
 protected:
  TableSize of(const char* name) const {
    const auto sizes = read_sizes(hall_.directory());
    EXPECT_TRUE(sizes) << sizes.error().message;
    for (const auto& table : sizes->tables) {
      if (table.table == name) return table;
    }
    return {};
  }
  Hall hall_;
};

TEST_F(Sizes, CountRowsOfTablesWithAndWithoutRowids) {
  FakeRecorder camera(hall_.index(), "cam-w1.main");
  for (int i = 0; i < 300; ++i) camera.footage(at(i * 10), 5);  // more than one page of each
  hall_.settle();
  const auto database = Database::open(hall_.directory() / "index.db", Database::Mode::read).value();
  const auto count = [&](const char* sql) {
    return database->first(sql, [](const Statement& row) { return row.integer(0); }).value().value();
  };
  EXPECT_EQ(of("segments").rows, 300U);
  EXPECT_EQ(of("spans").rows, static_cast<uint64_t>(count("SELECT count(*) FROM spans")));
  EXPECT_EQ(of("streams").rows, static_cast<uint64_t>(count("SELECT count(*) FROM streams")));
  EXPECT_EQ(of("gaps").rows, static_cast<uint64_t>(count("SELECT count(*) FROM gaps")));
  EXPECT_GT(of("segments").bytes, 300U * 50);
}

TEST_F(Sizes, AddUpToTheFile) {
  hall_.settle();
  const auto sizes = read_sizes(hall_.directory()).value();
  uint64_t sum = sizes.free_bytes;
  for (const auto& table : sizes.tables) sum += table.bytes + table.index_bytes;
  EXPECT_LT(sum, sizes.bytes) << "the schema itself";
  EXPECT_GT(sum, sizes.bytes * 8 / 10);
  EXPECT_TRUE(std::ranges::is_sorted(sizes.tables, std::ranges::greater(),
                                     [](const auto& table) { return table.bytes + table.index_bytes; }));
}

TEST(SizesOfNothing, AreAnError) {
  const mj::test::TemporaryDirectory folder;
  EXPECT_EQ(read_sizes(folder.path()).error().kind, ErrorKind::not_found);
}

}  // namespace
}  // namespace mj::index::test
