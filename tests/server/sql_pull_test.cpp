#include "server/feeds/sql_pull.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "server/feeds/moment.h"
#include "tests/server/databases.h"
#include "tests/server/feed_hall.h"

namespace mj::server {
namespace {

using testing::HasSubstr;
using testing::Not;

config::Mapping step_mapping() {
  config::EventMapping event;
  event.fields["type"] = {{}, "case_step"};
  event.fields["id"] = {{"id"}, ""};
  event.fields["at"] = {{"event_time"}, ""};
  event.fields["case"] = {{"project_no"}, ""};
  event.fields["step"] = {{"event_name"}, ""};
  event.fields["clerk"] = {{"handler"}, ""};
  config::Mapping mapping;
  mapping.events.push_back(std::move(event));
  mapping.values["step"]["受理"] = "accepted";
  return mapping;
}

/// An approval system's database: 2500 steps, in each of which only the number differs.
constexpr const char* kTable =
    "CREATE TABLE steps (id BIGINT, batch INTEGER, project_no VARCHAR(50), event_name VARCHAR(50), handler "
    "VARCHAR(20),"
    " event_time TIMESTAMP NULL)";
std::string insert_steps(const std::string& values) {
  return "INSERT INTO steps (id, batch, project_no, event_name, handler, event_time) " + values;
}

/// What a pull of any database must do. A hall, a feed, and the server that it asks.
class SqlPulls {
 public:
  explicit SqlPulls(std::unique_ptr<test::DatabaseServer> server) : server_(std::move(server)) {
    use_time_zone("Asia/Shanghai");
    feed().mapping = step_mapping();
    feed().sql = server_->source();
    read_by("id");
    feed().sql->cursor_start = "0";
  }
  [[nodiscard]] test::DatabaseServer& database() { return *server_; }
  [[nodiscard]] config::Feed& feed() { return hall_.settings.feeds[0]; }
  [[nodiscard]] index::Index& index() { return *hall_.index; }
  void read_by(const std::string& column) {
    const bool mysql = feed().sql->kind == config::SqlSource::Kind::mysql;
    feed().sql->cursor_column = column;
    feed().sql->query =
        fmt::format("SELECT * FROM steps\nWHERE {0} >= {1} ORDER BY {0} -- ours", column, mysql ? "?" : "$1");
  }
  [[nodiscard]] std::string cursor() { return index::Feeds(index()).cursor(feed().id).value(); }
  /// "more", "all" or the error, of one pull.
  std::string pull() {
    if (!pull_)
      pull_.emplace(Importer::Source{hall_.settings, feed(), *feed().mapping, hall_.clock}, index());
    const auto more = pull_->pull();
    if (!more) return more.error().message;
    return *more ? "more" : "all";
  }
  /// As after a start.
  void forget() { pull_.reset(); }

  void takes_all_rows_in_bounded_turns() {
    EXPECT_EQ(pull(), "more");
    EXPECT_EQ(cursor(), "1000");
    forget();
    EXPECT_EQ(pull(), "more");
    EXPECT_EQ(pull(), "all");
    EXPECT_EQ(cursor(), "2500");
    const auto answer = index().case_answer("SC-0002500");
    ASSERT_TRUE(answer) << answer.error().message;
    ASSERT_EQ(answer->steps.size(), 1U);
    EXPECT_EQ(answer->steps[0].type, "accepted");
    EXPECT_EQ(format_rfc3339(answer->steps[0].at), "2024-11-20T01:45:12.000000Z");
    EXPECT_EQ(answer->steps[0].clerk->id, "1037");
  }
  void goes_on_where_it_was() {
    database().run(
        insert_steps("VALUES (2501, 7, 'SC-NEXT', '受理', '1038', '2024-11-20 10:00:00'),"
                     " (2502, 7, 'SC-BAD', '受理', '1038', NULL)"));
    EXPECT_EQ(pull(), "all");
    EXPECT_EQ(cursor(), "2502") << "a row that is refused is passed over";
    EXPECT_TRUE(index().case_answer("SC-NEXT"));
    EXPECT_FALSE(index().case_answer("SC-BAD"));
  }
  /// Systems change rows where they stand.
  void follows_a_row_that_was_changed() {
    database().run(insert_steps("VALUES (2503, 7, 'SC-FIRST', '受理', '1038', '2024-11-20 10:10:00')"));
    EXPECT_EQ(pull(), "all");
    database().run("UPDATE steps SET project_no = 'SC-LATER' WHERE id = 2503");
    EXPECT_EQ(pull(), "all");
    EXPECT_EQ(pull(), "all");
    EXPECT_EQ(index().case_answer("SC-LATER")->steps.size(), 1U);
    EXPECT_TRUE(index().case_answer("SC-FIRST")->steps.empty());
  }
  /// Where rows share a value of the cursor, none is left out.
  void takes_many_rows_of_one_value() {
    feed().id = "by-batch";
    read_by("batch");
    forget();
    EXPECT_EQ(pull(), "more");
    EXPECT_EQ(pull(), "more");
    EXPECT_EQ(pull(), "all");
    EXPECT_EQ(cursor(), "7");
    const auto answer = index().case_answer("SC-0002500");
    EXPECT_EQ(answer->steps.size(), 2U) << "once from each feed";
  }
  void says_what_is_wrong() {
    feed().sql->cursor_column = "nr";
    EXPECT_THAT(pull(), HasSubstr("the query has no column \"nr\"; its columns are: id, batch"));
    read_by("nowhere");
    EXPECT_THAT(pull(), HasSubstr("nowhere"));
    read_by("id");
    feed().sql->password = Secret("MARKER-wrong-password");
    EXPECT_THAT(pull(), testing::AllOf(HasSubstr("reader"), Not(HasSubstr("MARKER"))));
    feed().sql->password = Secret(test::kReaderPassword);
  }
  void changes_nothing(const std::string& query) {
    feed().sql->query = query;
    const std::string refused = pull();
    EXPECT_THAT(refused, testing::AnyOf(HasSubstr("read-only"), HasSubstr("READ ONLY"), HasSubstr("denied")))
        << refused;
  }
  void does_not_wait_for_ever(const std::string& slow_query) {
    feed().sql->query = slow_query;
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_NE(pull(), "all");
    EXPECT_LT(std::chrono::steady_clock::now() - begun,
              kSqlConnect + kSqlStatement + std::chrono::seconds(2));
  }
  void says_that_nobody_is_there() {
    database().stop();
    EXPECT_THAT(pull(), testing::AllOf(HasSubstr("127.0.0.1"), Not(HasSubstr("MARKER"))));
  }

 private:
  std::unique_ptr<test::DatabaseServer> server_;
  test::FeedHall hall_;
  std::optional<SqlPull> pull_;
};

// One test each, because a server takes seconds to make.
TEST(SqlPull, ReadsAPostgresqlDatabase) {
  SqlPulls pulls(test::start_postgresql());
  pulls.database().run(kTable);
  pulls.database().run(
      insert_steps("SELECT n, 7, 'SC-' || lpad(n::text, 7, '0'), '受理', '1037',"
                   " '2024-11-20 09:45:12' FROM generate_series(1, 2500) AS n"));
  pulls.takes_all_rows_in_bounded_turns();
  pulls.goes_on_where_it_was();
  pulls.follows_a_row_that_was_changed();
  pulls.takes_many_rows_of_one_value();
  pulls.says_what_is_wrong();
  pulls.database().run("GRANT ALL ON steps TO reader");
  pulls.changes_nothing("DELETE FROM steps WHERE id >= $1 RETURNING id");
  pulls.does_not_wait_for_ever("SELECT $1 AS id, pg_sleep(60)");
  pulls.says_that_nobody_is_there();
}

TEST(SqlPull, ReadsAMariadbDatabase) {
  SqlPulls pulls(test::start_mariadb());
  pulls.database().run(kTable);
  pulls.database().run(
      insert_steps("SELECT seq, 7, concat('SC-', lpad(seq, 7, '0')), '受理', '1037',"
                   " '2024-11-20 09:45:12' FROM seq_1_to_2500"));
  pulls.takes_all_rows_in_bounded_turns();
  pulls.goes_on_where_it_was();
  pulls.follows_a_row_that_was_changed();
  pulls.takes_many_rows_of_one_value();
  pulls.says_what_is_wrong();
  pulls.database().run("GRANT ALL ON approval.* TO 'reader'@'127.0.0.1'");
  pulls.changes_nothing("DELETE FROM steps WHERE id >= ?");
  pulls.does_not_wait_for_ever("SELECT ? AS id, SLEEP(60)");
  pulls.says_that_nobody_is_there();
}

/// Lets a client in as PostgreSQL does, and says nothing more.
class SilentPostgresql {
 public:
  SilentPostgresql() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener_, any, length), 0);
    EXPECT_EQ(::listen(listener_, 1), 0);
    EXPECT_EQ(::getsockname(listener_, any, &length), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~SilentPostgresql() {
    thread_.join();
    ::close(listener_);
  }
  [[nodiscard]] uint16_t port() const { return port_; }

 private:
  void serve() const {
    using std::string_view_literals::operator""sv;
    const int client = ::accept(listener_, nullptr, nullptr);
    char buffer[4096];
    if (::read(client, buffer, sizeof buffer) == 8) {  // may we speak TLS?
      EXPECT_EQ(::write(client, "N", 1), 1);
      EXPECT_GT(::read(client, buffer, sizeof buffer), 8);
    }
    constexpr std::string_view kComeIn = "R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I"sv;
    EXPECT_EQ(::write(client, kComeIn.data(), kComeIn.size()), static_cast<ssize_t>(kComeIn.size()));
    while (::read(client, buffer, sizeof buffer) > 0) continue;  // until the client gives up
    ::close(client);
  }

  int listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
  uint16_t port_ = 0;
  std::thread thread_;
};

TEST(SqlPull, APostgresqlThatFallsSilentIsGivenUp) {
  const SilentPostgresql server;
  config::SqlSource source;
  source.kind = config::SqlSource::Kind::postgresql;
  source.host = "127.0.0.1";
  source.port = server.port();
  source.user = "reader";
  source.database = "approval";
  source.password = Secret("nobody-asks");
  source.query = "SELECT $1";
  const auto rows = ask_postgresql(source, "0", 1);
  ASSERT_FALSE(rows);
  EXPECT_THAT(rows.error().message, HasSubstr("fell silent"));
}

}  // namespace
}  // namespace mj::server
