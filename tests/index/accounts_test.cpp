#include <gmock/gmock.h>

#include "index/sqlite.h"
#include "tests/index/hall.h"

namespace mj::index::test {
namespace {

class Accounts : public testing::Test {
 protected:
  Index& index() { return hall_.index(); }
  static Digest token(uint8_t value) {
    Digest digest{};
    digest.fill(value);
    return digest;
  }
  Hall hall_;
};

TEST_F(Accounts, KnowsWhetherThereIsAny) {
  EXPECT_FALSE(*index().has_accounts());
  ASSERT_TRUE(index().add_account({0, "li", "李明", "$argon2id$x"}));
  EXPECT_TRUE(*index().has_accounts());
  hall_.reopen();
  const auto account = index().account("li").value();
  EXPECT_EQ(account.display_name, "李明");
  EXPECT_EQ(account.password_hash, "$argon2id$x");
}

TEST_F(Accounts, RefusesALoginThatIsTakenOrEmpty) {
  ASSERT_TRUE(index().add_account({0, "li", "李明", "h"}));
  EXPECT_EQ(index().add_account({0, "li", "另一人", "h"}).error().kind, ErrorKind::invalid);
  EXPECT_EQ(index().add_account({0, "", "无名", "h"}).error().kind, ErrorKind::invalid);
  EXPECT_EQ(index().account("wang").error().kind, ErrorKind::not_found);
}

TEST_F(Accounts, ASessionLastsUntilItExpiresOrIsRemoved) {
  const int64_t id = index().add_account({0, "li", "李明", "h"}).value();
  ASSERT_TRUE(index().add_session(token(1), id, at(100)));
  ASSERT_TRUE(index().add_session(token(2), id, at(200)));
  EXPECT_EQ(index().session(token(1))->login, "li");
  EXPECT_EQ(index().session(token(3)).error().kind, ErrorKind::not_found);
  hall_.clock().set(at(100));
  EXPECT_EQ(index().session(token(1)).error().kind, ErrorKind::not_found);
  EXPECT_TRUE(index().session(token(2)));
  ASSERT_TRUE(index().remove_session(token(2)));
  EXPECT_EQ(index().session(token(2)).error().kind, ErrorKind::not_found);
  EXPECT_TRUE(index().remove_session(token(2))) << "twice is once";
}

TEST_F(Accounts, SweepsExpiredSessionsOut) {
  const int64_t id = index().add_account({0, "li", "李明", "h"}).value();
  ASSERT_TRUE(index().add_session(token(1), id, at(100)));
  hall_.clock().set(at(150));
  ASSERT_TRUE(index().add_session(token(2), id, at(200)));
  auto database = Database::open(hall_.directory() / "index.db", Database::Mode::read).value();
  EXPECT_EQ(
      database->first("SELECT count(*) FROM sessions", [](const Statement& row) { return row.integer(0); })
          .value()
          .value(),
      1);
}

TEST_F(Accounts, RefusesASessionOfNobody) {
  EXPECT_EQ(index().add_session(token(1), 77, at(100)).error().kind, ErrorKind::not_found);
}

}  // namespace
}  // namespace mj::index::test
