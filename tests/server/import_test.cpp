#include <gmock/gmock.h>
#include <iconv.h>

#include <boost/json.hpp>
#include <fstream>

#include "server/feeds/charset.h"
#include "server/feeds/csv.h"
#include "server/feeds/importer.h"
#include "server/feeds/moment.h"
#include "tests/server/feed_hall.h"

namespace mj::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using Encoding = config::Mapping::Encoding;

std::string converted(const std::string& text, const char* to) {
  const iconv_t converter = iconv_open(to, "UTF-8");
  std::string input = text;
  std::string out(text.size() * 4 + 16, '\0');
  char* from = input.data();
  char* into = out.data();
  size_t left = input.size();
  size_t room = out.size();
  EXPECT_NE(iconv(converter, &from, &left, &into, &room), static_cast<size_t>(-1));
  iconv_close(converter);
  out.resize(out.size() - room);
  return out;
}

TEST(Charset, FindsOutWhatAFileIsWrittenIn) {
  const std::string text = "票号,窗口\nA012,3号窗口\n";
  EXPECT_EQ(to_utf8(text, Encoding::automatic).value(), text);
  EXPECT_EQ(to_utf8("\xEF\xBB\xBF" + text, Encoding::automatic).value(), text);
  EXPECT_EQ(to_utf8(converted(text, "GB18030"), Encoding::automatic).value(), text);
  EXPECT_EQ(to_utf8(converted(text, "UTF-16"), Encoding::automatic).value(), text);
  const auto wrong = to_utf8("a\nb\xFF\xFF\n", Encoding::automatic);
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message, StartsWith("line 2: "));
  EXPECT_FALSE(to_utf8(converted(text, "GB18030"), Encoding::utf8));
}

TEST(Charset, MakesFullWidthUsual) {
  EXPECT_EQ(usual_width("　Ａ０１２－３　"), "A012-3");
  EXPECT_EQ(usual_width("3号窗口"), "3号窗口");
}

TEST(Csv, ReadsWhatSpreadsheetsWrite) {
  const std::string text = "sep=;\r\na;\"b \"\"x\"\"\r\ny\" ; c;\r\n\r\n;;;\r\n=\"0012\";2\r";
  CsvReader reader(text, 0, 1);
  const auto first = reader.next().value().value();
  EXPECT_THAT(first.cells, ElementsAre("a", "b \"x\"\r\ny", "c", ""));
  EXPECT_EQ(first.line, 2);
  const auto second = reader.next().value().value();
  EXPECT_THAT(second.cells, ElementsAre("0012", "2"));
  EXPECT_EQ(second.line, 6);
  EXPECT_FALSE(reader.next().value());
}

TEST(Csv, AnOpenQuoteIsNamedByItsLine) {
  CsvReader reader("a,b\n1,\"2\n3,4\n", 0, 1);
  ASSERT_TRUE(reader.next());
  const auto wrong = reader.next();
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message, StartsWith("line 2: "));
}

TEST(Csv, PassesOverLinesBeforeTheHeader) {
  CsvReader reader("某市政务服务中心办件台账\n2026年11月\n编号\t时间\n1\t2\n", 0, 3);
  EXPECT_THAT(reader.next().value()->cells, ElementsAre("编号", "时间"));
}

std::string utc(const char* text) {
  use_time_zone("Asia/Shanghai");
  const auto moment = parse_moment(text);
  return moment ? format_rfc3339(*moment).substr(0, 19) : "(refused)";
}

TEST(Moments, AreReadAsTablesHaveThem) {
  for (const char* same :
       {"2026-11-21T09:45:12+08:00", "2026-11-21 09:45:12", "2026/11/21 9:45:12",
        "2026年11月21日 9时45分12秒", "20261121094512", "20261121 094512",
        "２０２６－１１－２１　０９：４５：１２", "2026-11-21 上午 9:45:12", "2026.11.21 09:45:12.000"}) {
    EXPECT_EQ(utc(same), "2026-11-21T01:45:12") << same;
  }
  EXPECT_EQ(utc("2026/11/21 下午2:05"), "2026-11-21T06:05:00");
  EXPECT_EQ(utc("2026-11-21"), "2026-11-20T16:00:00");
  EXPECT_EQ(utc("46347.40625"), "2026-11-21T01:45:00");
  for (const char* wrong : {"", "21/11/2026 9:45", "2026-13-01 00:00", "2026-02-30 10:00", "2026-11-21 25:00",
                            "昨天", "9:45", "12", "2026-11-21 9:45 x"}) {
    EXPECT_EQ(utc(wrong), "(refused)") << wrong;
  }
}

constexpr const char* kMapping = R"(
encoding = "auto"
[[events]]
type = "ticket_called"
id = "流水号"
at = ["日期", "叫号"]
window = "窗口"
ticket = "票号"
clerk = "工号"
[[events]]
type = "ticket_finished"
id = "流水号"
at = ["日期", "结束"]
window = "窗口"
ticket = "票号"
[values.window]
"综合台" = "w1"
)";

constexpr const char* kTable =
    "流水号,日期,叫号,结束,窗口,票号,工号\r\n"
    "1,2024/11/20,9:00:00,9:10,1号窗口,Ａ００１,1037\r\n"
    "2,2024/11/20,9:10,,综合台,A002,1037\r\n"
    "3,2024/11/20,9:20,9:30,9号窗口,A003,1037\r\n"
    "4,2024/11/20,拂晓,9:30,w1,A004,1037\r\n";

/// A hall, a feed with a mapping, and an importer into the index.
class Import : public testing::Test {
 protected:
  Import() {
    use_time_zone("Asia/Shanghai");
    std::ofstream(hall_.folder.path() / "mapping.toml") << kMapping;
    auto loaded = config::load_mapping(hall_.folder.path() / "mapping.toml");
    EXPECT_THAT(loaded.problems, testing::IsEmpty());
    mapping_ = std::move(loaded.mapping);
  }
  ImportReport import(const std::string& bytes, bool mapped = true) {
    const config::Mapping used = mapped ? mapping_ : config::plain_mapping();
    Importer importer({hall_.settings, hall_.settings.feeds[0], used, hall_.clock}, sink());
    const auto done = import_bytes(importer, used, mapped, bytes, [](size_t, size_t) { return true; });
    failure_ = done ? "" : done.error().message;
    return importer.report();
  }
  EventSink sink() {
    return [this](const auto& events) { return index::Feeds(*hall_.index).take_rows("queue", events); };
  }
  static std::vector<std::string> problems(const ImportReport& report) {
    std::vector<std::string> lines;
    for (const auto& problem : report.problems) lines.push_back(problem.to_string());
    return lines;
  }

  test::FeedHall hall_;
  config::Mapping mapping_;
  std::string failure_;
};

TEST_F(Import, ARowGivesItsEventsAndEveryProblemHasAPlace) {
  const ImportReport report = import(converted(kTable, "GB18030"));
  EXPECT_EQ(failure_, "");
  EXPECT_EQ(report.summary(), "4 rows, 4 events: 4 new, 0 known already, 3 refused");
  EXPECT_THAT(report.preview.at(0), HasSubstr(R"("ticket":"A001")"));
  EXPECT_THAT(report.preview.at(0), HasSubstr(R"("id":"1:ticket_called")"));
  EXPECT_THAT(report.preview.at(0), HasSubstr(R"("at":"2024-11-20T01:00:00.000000Z")"));
  EXPECT_THAT(problems(report), ElementsAre(StartsWith("line 4, column \"窗口\": \"9号窗口\" is no window"),
                                            StartsWith("line 4, column \"窗口\": "),
                                            StartsWith("line 5, column \"日期 + 叫号\": a time such as")));
}

TEST_F(Import, AgainNothingIsStoredTwice) {
  import(kTable);
  EXPECT_EQ(import(kTable).summary(), "4 rows, 4 events: 0 new, 4 known already, 3 refused");
}

TEST_F(Import, ARowThatWasChangedReplacesWhatItTold) {
  import(kTable);
  std::string changed = kTable;
  changed.replace(changed.find("A002"), 4, "A999");
  EXPECT_EQ(import(changed).summary(),
            "4 rows, 4 events: 1 new (1 of them replace what was told before), 3 known already, 3 refused");
  EXPECT_EQ(import(kTable).summary(), "4 rows, 4 events: 0 new, 4 known already, 3 refused")
      << "an old file changes nothing";
}

TEST_F(Import, ALineBreakWithinACellIsABlank) {
  for (auto& event : mapping_.events) event.fields["item_name"].columns = {"票号"};
  const ImportReport report = import(
      "流水号,日期,叫号,结束,窗口,票号,工号\n1,2024/11/20,9:00:00,,\"1号窗口\n\",\"A1\r\n\t乙\",1037\n");
  EXPECT_THAT(problems(report), testing::IsEmpty());
  EXPECT_THAT(report.preview.at(0), HasSubstr(R"("ticket":"A1 乙")"));
  EXPECT_THAT(report.preview.at(0), HasSubstr(R"("item":{"name":"A1 乙"})"));
}

TEST_F(Import, ANumberThatASpreadsheetShortenedIsRefused) {
  const std::string head = "type,id,at,window,ticket,case\n";
  const ImportReport report = import(head +
                                         "ticket_called,1,2024-11-20 09:00,w1,A1,2.02601E+17\n"
                                         "ticket_called,9E+04,2024-11-20 09:01,w1,A2,SC-1\n"
                                         "ticket_called,3,2024-11-20 09:02,w1,2E01,SC-2E+3\n",
                                     false);
  EXPECT_THAT(problems(report),
              ElementsAre(StartsWith("line 2, column \"case\": \"2.02601E+17\" is a number"),
                          StartsWith("line 3, column \"id\": \"9E+04\" is a number")));
  EXPECT_EQ(report.accepted, 1);
  const ImportReport json = import(
      R"([{"流水号":202601051001370001234,"日期":"2024-11-20","叫号":"9:00","窗口":"w1","票号":"A7"}])");
  EXPECT_THAT(problems(json), testing::Contains(HasSubstr("is a number that a spreadsheet shortened")));
}

TEST_F(Import, ARowWithMoreCellsThanColumnsIsRefused) {
  const ImportReport report = import(
      "type,id,at,window,ticket,case\n"
      "ticket_called,1,2024-11-20 09:00,w1,A,1,SC-1\n"
      "ticket_called,2,2024-11-20 09:01,w1,A2,SC-2,,\n",
      false);
  EXPECT_THAT(problems(report), ElementsAre(StartsWith("line 2: has 7 cells, but there are 6 columns")));
  EXPECT_EQ(report.accepted, 1);
}

TEST_F(Import, ADryRunRefusesWhatTheIndexWouldRefuse) {
  const config::Mapping plain = config::plain_mapping();
  const auto problems_of = [&](const EventSink& sink) {
    Importer importer({hall_.settings, hall_.settings.feeds[0], plain, hall_.clock}, sink);
    EXPECT_TRUE(
        import_bytes(importer, plain, false,
                     R"({"id":"1","type":"rating","at":"2024-11-20T09:00:00Z","score":5})"
                     "\n"
                     R"({"id":"2","type":"sign_out","at":"2024-11-20T09:00:00Z","clerk":"1037"})"
                     "\n"
                     R"({"id":"3","type":"complaint","at":"2024-11-20T09:00:00Z","text":"慢","window":"w9"})"
                     "\n",
                     [](size_t, size_t) { return true; }));
    return problems(importer.report());
  };
  const auto dry = problems_of([this](const auto& events) { return look_only(hall_.settings, events); });
  EXPECT_EQ(dry.size(), 2U);
  EXPECT_EQ(dry, problems_of(sink()));
}

TEST_F(Import, RowsWithoutAnIdAreKnownByWhatTheyHold) {
  for (auto& event : mapping_.events) event.fields.erase("id");
  EXPECT_EQ(import(kTable).accepted, 4);
  const std::string once_more = std::string(kTable) + "1,2024/11/20,9:00:00,9:10,1号窗口,Ａ００１,1037\r\n";
  EXPECT_EQ(import(once_more).accepted, 0);
}

TEST_F(Import, AColumnThatIsNotThereIsToldWithThoseThatAre) {
  import("流水号,日期,叫号时间\n1,2,3\n");
  EXPECT_THAT(failure_,
              HasSubstr("there is no column \"叫号\" for at; the columns are: 流水号, 日期, 叫号时间"));
}

TEST_F(Import, WithoutAMappingColumnsAreFields) {
  const ImportReport report = import(
      "type,id,at,window,ticket,clerk,case,step,score,item_name,promised_days,risk\n"
      "ticket_called,1,2024-11-20 09:00,w1,A1,1037,SC-1,,,不动产登记,5,A\n"
      "rating,2,2024-11-20 09:10,w1,A1,,,,非常满意,,,\n"
      "case_step,3,2024-11-20 09:05,,,1037,SC-1,accepted,,,,\n"
      "rating,4,2024-11-20 09:11,w1,A1,,,,好,,,\n",
      false);
  EXPECT_EQ(failure_, "");
  EXPECT_THAT(problems(report), ElementsAre(StartsWith("line 5, column \"score\": must be a whole number")));
  EXPECT_EQ(report.accepted, 3);
  EXPECT_EQ(hall_.index->case_answer("SC-1")->visits.size(), 1U);
}

TEST_F(Import, JsonComesAsAListAsABatchAndAsLines) {
  const auto event = [](const char* id) {
    return fmt::format(
        R"({{"id":"{}","type":"ticket_called","at":"2024-11-20T09:00:00+08:00","window":"w1","ticket":"A1"}})",
        id);
  };
  EXPECT_EQ(import("[" + event("1") + "," + event("2") + "]", false).accepted, 2);
  EXPECT_EQ(import(R"({"events":[)" + event("3") + "]}", false).accepted, 1);
  const ImportReport lines = import(event("4") + "\n\n" + event("5") + "\n{\n", false);
  EXPECT_EQ(lines.accepted, 2);
  EXPECT_THAT(problems(lines), ElementsAre(StartsWith("line 4: not JSON")));
  const ImportReport mapped =
      import(R"([{"流水号":7,"日期":"2024-11-20","叫号":"9:00","窗口":"1号窗口","票号":"A7","工号":null}])");
  EXPECT_EQ(mapped.summary(), "1 rows, 1 events: 1 new, 0 known already, 0 refused");
  import("{]", false);
  EXPECT_EQ(failure_, "");
}

}  // namespace
}  // namespace mj::server
