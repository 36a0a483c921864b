#include "index/search.h"

#include <gmock/gmock.h>

#include "index/sqlite.h"
#include "tests/index/hall.h"

namespace mj::index::test {
namespace {

constexpr const char* kZone = "Asia/Shanghai";  // kMidnight is 8:00 there, on a Saturday
/// Seconds after kMidnight of a time of day there, `days` days later.
constexpr double local(int hour, int minute, int days = 0) {
  return (days * 24 + hour - 8) * 3600.0 + minute * 60.0;
}

config::Settings hall_of_many() {
  auto settings = small_hall();
  settings.windows = {{"w1", "1号窗口", ""},   {"w2", "2号窗口", ""},        {"w3", "3号窗口", ""},
                      {"w13", "13号窗口", ""}, {"w5", "综合受理窗口05", ""}, {"e1", "出件柜台", ""}};
  settings.clerks = {
      {"1037", "王芳"}, {"1038", "单雄信"}, {"1039", "欧阳娜娜"}, {"2044", "曾丽"}, {"A7", "Li Wei"}};
  return settings;
}

/// A fixed hall and what a fixed list of queries must find in it, and must not.
class SearchCorpus : public testing::Test {
 protected:
  SearchCorpus() {
    hall_.clock().set(at(local(16, 0)));
    hall_.apply(hall_of_many());
    served("w3", "A012", local(9, 45, -1), "20261120-000137", "1037", "511A01", "不动产登记");
    served("w3", "A013", local(10, 30, -1), "", "1037");
    served("w13", "A112", local(9, 44, -1), "SC2026112000042", "1038", "511A02", "企业设立登记");
    served("w1", "A012", local(10, 20), "BJ2026-000777", "1039", "511A03", "食品经营许可");
    served("w5", "B7", local(15, 20), "", "2044");
    served("w2", "C001", local(11, 0, -3), "20261118-000555", "1038");  // a Wednesday
    served("w2", "C002", local(11, 0, -10), "20261111-000556", "1038");
    shot(local(9, 46, -1), "不动产登记 受理 20261120-000137");
    shot(local(9, 50, -1), "一次性告知书 补正材料 - 政务服务");
    shot(local(9, 55, -1), "第3号窗口2026年统计.xlsx");
    shot(local(9, 58, -1), "受 理 记录");
    shot(local(10, 1, -1), "He said \"NOT now\" * 100%_done");
    shot(local(10, 3, -1), "ＯＦＦＩＣＥ 办公 ﾃｽﾄ");
    rate("w3", local(9, 56, -1), 1, "态度不好,要求补正三次");
    Desk desk(hall_.index());
    const auto visit = desk.visits({.without_case = true}).value().visits.at(0).id;
    EXPECT_TRUE(desk.decide(
        {visit, "BJ2026-000777", Decision::Action::add, "zhao", "赵敏", "录像中可见营业执照原件"}));
    hall_.settle();
  }

  void tell(Event event) {
    event.id = std::to_string(++events_);
    event.raw = "{}";
    const auto done = hall_.index().ingest("feed", {event});
    ASSERT_TRUE(done) << done.error().message;
  }
  void served(const char* window, const char* ticket, double when, const char* number, const char* clerk,
              const char* code = "", const char* item = "") {
    Event event;
    event.type = Event::Type::ticket_called;
    event.at = at(when);
    event.window = window;
    event.ticket = ticket;
    event.case_number = number;
    event.clerk = clerk;
    event.item_code = code;
    event.item_name = item;
    tell(event);
    event = {};
    event.type = Event::Type::ticket_finished;
    event.at = at(when + 480);
    event.window = window;
    event.ticket = ticket;
    tell(event);
  }
  void rate(const char* window, double when, int score, const char* words) {
    Event event;
    event.type = Event::Type::rating;
    event.at = at(when);
    event.window = window;
    event.score = score;
    event.note = words;
    tell(event);
  }
  void shot(double when, const char* title) {
    FakeRecorder recorder(hall_.index(), "ws-1.screen");
    capture::ShotFacts facts;
    facts.title = title;
    facts.program = "chromium";
    recorder.fragment(at(when), at(when + 5), facts);
    recorder.close();
  }

  SearchAnswer find(const std::string& query) {
    auto answer = Search(hall_.index()).find(query, kZone, 20);
    EXPECT_TRUE(answer) << query << ": " << answer.error().message;
    return answer ? std::move(*answer) : SearchAnswer{};
  }

  /// "visits w3/A012" or "number 20261120-000137", all lists in one line.
  std::string told(const std::string& query) {
    const auto answer = find(query);
    EXPECT_TRUE(answer.complete) << query;
    std::string text = answer.as;
    for (const auto& hit : answer.visits) text += fmt::format(" {}/{}", hit.window->id, hit.ticket);
    for (const auto& hit : answer.cases) text += " #" + hit.number;
    for (const auto& hit : answer.clerks) text += " @" + hit.id;
    for (const auto& hit : answer.titles) text += " [" + hit.title + "]";
    for (const auto& hit : answer.items) text += " {" + hit.item.name + "}";
    for (const auto& hit : answer.notes) text += " (" + hit.text + ")";
    return text;
  }

  Hall hall_;
  int events_ = 0;
};

struct Expected {
  const char* query;
  const char* told;
};

constexpr const char* kAccepted = "[不动产登记 受理 20261120-000137]";

// clang-format off
const Expected kCorpus[] = {
    // Case numbers: whole, beginning, end; width, case, dashes.
    {"20261120-000137", "number #20261120-000137 [不动产登记 受理 20261120-000137]"},
    {"20261120000137", "number #20261120-000137"},
    {"２０２６１１２０－０００１３７", "number #20261120-000137 [不动产登记 受理 20261120-000137]"},
    {"20261120—000137", "number #20261120-000137"},
    {"000137", "number #20261120-000137 [不动产登记 受理 20261120-000137]"},
    {"0137", "number #20261120-000137 [不动产登记 受理 20261120-000137]"},
    {"sc20261120", "number #SC2026112000042"},
    {"SC2026112000042", "number #SC2026112000042"},
    {"bj2026–000777", "number #BJ2026-000777"},
    {"777", "number #BJ2026-000777"},
    {"999999", "nothing"},
    {"20261120-000138", "nothing"},
    // Window and time.
    {"3号窗口 昨天 9:45", "visits w3/A012"},
    {"3号窗口昨天9：45", "visits w3/A012"},
    {"昨天 9:45 3号窗口", "visits w3/A012"},
    {"３号窗口 昨日 上午9点45分", "visits w3/A012"},
    {"三号窗口 昨天 九点四十五", "visits w3/A012"},
    {"3号 昨天 9:45", "visits w3/A012"},
    {"窗口3 2026-11-20 9:45", "visits w3/A012"},
    {"w3 2026/11/20 09:45", "visits w3/A012"},
    {"3号窗口 11月20日 9点45", "visits w3/A012"},
    {"3号窗口 2026年11月20日", "visits w3/A013 w3/A012"},
    {"3号窗口 周五 上午", "visits w3/A013 w3/A012"},
    {"13号窗口 昨天 9:45", "visits w13/A112"},
    {"3号窗口", "visits w3/A013 w3/A012"},
    {"3号窗口 今天", "nothing"},
    {"综合受理窗口05 3:20", "visits w5/B7"},
    {"5号窗口 下午3点20分", "visits w5/B7"},
    {"5号窗口 15:20", "visits w5/B7"},
    {"5号窗口 03:20", "nothing"},
    {"5号窗口 3:20 pm", "visits w5/B7"},
    {"2号窗口 周三", "visits w2/C001"},
    {"2号窗口 上周三", "visits w2/C002"},
    {"2号窗口 大前天", "visits w2/C001"},
    {"昨天 9:45", "visits w3/A012 w13/A112"},
    {"今天 上午", "visits w1/A012"},
    {"10:20", "visits w1/A012"},
    {"yesterday 9:45 w3", "visits w3/A012"},
    {"3号窗口 2026-13-45", "nothing"},
    {"99号窗口 昨天 9:45", "nothing"},
    // Tickets.
    {"A12 10:20", "visits w1/A012"},
    {"a012 10:20", "visits w1/A012"},
    {"A12 昨天", "visits w3/A012"},
    {"A12", "visits w1/A012 w3/A012"},
    {"A112", "visits w13/A112"},
    {"A1", "nothing"},
    {"票号B7", "visits w5/B7"},
    {"A12 23:50", "nothing"},
    // Clerks.
    {"王芳", "clerk @1037"},
    {"wangfang", "clerk @1037"},
    {"wf", "clerk @1037"},
    {"WF", "clerk @1037"},
    {"1037", "clerk @1037"},
    {"shanxiongxin", "clerk @1038"},
    {"sxx", "clerk @1038"},
    {"danxiongxin", "clerk @1038"},
    {"oynn", "clerk @1039"},
    {"zengli", "clerk @2044"},
    {"li wei", "clerk @A7"},
    {"王芳 昨天 10:30", "visits w3/A013 @1037"},
    {"王强", "nothing"},
    {"xf", "nothing"},
    // Words.
    {"受理", "words [不动产登记 受理 20261120-000137]"},
    {"补正", "words [一次性告知书 补正材料 - 政务服务] (态度不好,要求补正三次)"},
    {"补正 材料", "words [一次性告知书 补正材料 - 政务服务]"},
    {"告知书", "words [一次性告知书 补正材料 - 政务服务]"},
    {"知书补", "nothing"},
    {"告书", "nothing"},
    {"不动产", "words [不动产登记 受理 20261120-000137] {不动产登记}"},
    {"登记", "words [不动产登记 受理 20261120-000137] {企业设立登记} {不动产登记}"},
    {"食品经营", "words {食品经营许可}"},
    {"511A03", "words {食品经营许可}"},
    {"营业执照", "words (录像中可见营业执照原件)"},
    {"态度", "words (态度不好,要求补正三次)"},
    {"2026年统计", "words [第3号窗口2026年统计.xlsx]"},
    {"26年", "words [第3号窗口2026年统计.xlsx]"},
    {"统计.xlsx", "words [第3号窗口2026年统计.xlsx]"},
    {"office", "words [ＯＦＦＩＣＥ 办公 ﾃｽﾄ]"},
    {"テスト", "words [ＯＦＦＩＣＥ 办公 ﾃｽﾄ]"},
    {"正", "words [一次性告知书 补正材料 - 政务服务] (态度不好,要求补正三次)"},
    {"龙", "nothing"},
    {"NOT", "words [He said \"NOT now\" * 100%_done]"},
    {"\"NOT now\"", "words [He said \"NOT now\" * 100%_done]"},
    {"now OR 受理", "nothing"},
    {"受理*", "nothing"},
    {"受理 NEAR 补正", "nothing"},
    {"100%_d", "words [He said \"NOT now\" * 100%_done]"},
    {"title_words:受理", "nothing"},
    {"'; DROP TABLE visits; --", "nothing"},
    {"\"", "nothing"},
    {"%", "nothing"},
    {"   ", "nothing"},
    {"", "nothing"},
};
// clang-format on

TEST_F(SearchCorpus, FindsWhatIsMeantAndNothingElse) {
  EXPECT_GE(std::size(kCorpus), 60U);
  for (const auto& [query, expected] : kCorpus) EXPECT_EQ(told(query), expected) << "query: " << query;
}

TEST_F(SearchCorpus, TellsHowItReadAQuery) {
  const auto answer = find("3号窗口 昨天 9:45 补正");
  ASSERT_EQ(answer.read_windows.size(), 1U);
  EXPECT_EQ(answer.read_windows[0].id, "w3");
  EXPECT_EQ(answer.from, at(local(9, 30, -1)));
  EXPECT_EQ(answer.to, at(local(10, 0, -1)));
  EXPECT_EQ(answer.read_words, std::vector<std::string>{"补正"});
  EXPECT_EQ(find("A007").read_ticket, "a7");
}

TEST_F(SearchCorpus, ATitleLeadsToTheShotThatShowsIt) {
  const auto hit = find("补正材料").titles.at(0);
  EXPECT_EQ(hit.stream, "ws-1.screen");
  EXPECT_EQ(hit.at, at(local(9, 50, -1)));
  EXPECT_EQ(hit.program, "chromium");
}

TEST_F(SearchCorpus, RefusesWhatIsNoText) {
  EXPECT_EQ(Search(hall_.index()).find("\xff\xfe", kZone, 5).error().kind, ErrorKind::invalid);
  EXPECT_EQ(Search(hall_.index()).find(std::string(300, 'a'), kZone, 5).error().kind, ErrorKind::invalid);
}

TEST_F(SearchCorpus, FindsWhatCameInALargeBatch) {
  std::vector<Event> events(1000);
  for (size_t i = 0; i < events.size(); ++i) {
    events[i].id = fmt::format("batch-{}", i);
    events[i].type = Event::Type::complaint;
    events[i].at = at(local(12, 0));
    events[i].note = i + 1 == events.size() ? "窗口无人值守" : "等太久";
    events[i].raw = "{}";
  }
  ASSERT_TRUE(hall_.index().ingest("feed", events));
  const auto answer = find("无人值守");
  EXPECT_EQ(answer.notes.size(), 1U);
  EXPECT_TRUE(answer.complete);
}

TEST_F(SearchCorpus, SaysThatSomeTextsAreNotYetSearchable) {
  EXPECT_TRUE(find("无人值守").complete);
  auto database = Database::open(hall_.directory() / "index.db", Database::Mode::write).value();
  ASSERT_TRUE(database->run("UPDATE word_marks SET upto = upto - 1 WHERE texts = 'events'"));
  EXPECT_FALSE(find("无人值守").complete);
}

TEST_F(SearchCorpus, FindsTextsOfAnIndexThatWasMadeAnew) {
  hall_.close();
  ASSERT_TRUE(replace_damaged(hall_.directory(), hall_.clock()));
  hall_.reopen();
  EXPECT_EQ(told("受理"), fmt::format("words {}", kAccepted));
  EXPECT_EQ(told("wf"), "clerk @1037");
}

}  // namespace
}  // namespace mj::index::test
