#include "index/titles.h"

#include <gmock/gmock.h>

#include "tests/index/hall.h"

namespace mj::index::test {
namespace {

using testing::ElementsAre;

std::vector<std::string> numbers_in(std::string_view title, const std::vector<std::string>& patterns = {}) {
  return index::numbers_in(title, compile_title_patterns(patterns));
}

TEST(NumbersInTitles, AreWholeWordsOfLettersDigitsAndDashes) {
  EXPECT_THAT(numbers_in("不动产登记 受理 20261120-000137 - 政务"), ElementsAre("20261120000137"));
  EXPECT_THAT(numbers_in("[SC2026112000042]【ＢＪ２０２６－０００７７７】"),
              ElementsAre("sc2026112000042", "bj2026000777"));
  EXPECT_THAT(numbers_in("2026年 第3号 12345 abcdefgh"), ElementsAre());
  EXPECT_THAT(numbers_in("\xff\xfe"), ElementsAre());
  std::string many;
  for (int i = 0; i < 50; ++i) many += fmt::format("{} ", 100000 + i);
  EXPECT_EQ(numbers_in(many).size(), 8U);
}

TEST(NumbersInTitles, AreAlsoWhatThePatternsOfTheHallFind) {
  const std::vector<std::string> hall = {R"(川0116-?受理〔\d{4}〕第?\d+号)", R"(办件编号[:：]\s*(\S+))"};
  EXPECT_THAT(numbers_in("审查 川0116-受理〔2026〕第37号 - 政务", hall),
              ElementsAre("川0116受理〔2026〕第37号"));
  EXPECT_THAT(numbers_in("川０１１６受理〔２０２６〕３８号", hall), ElementsAre("川0116受理〔2026〕38号"))
      << "full width";
  EXPECT_THAT(numbers_in("办件编号： 甲字7 / 办件编号:SC2026112000042", hall),
              ElementsAre("甲字7", "sc2026112000042"))
      << "the group, not the match; each number once";
  EXPECT_THAT(numbers_in("受理〔2026〕第37号", hall), ElementsAre());
  EXPECT_THAT(numbers_in("20261120-000137", {"("}), ElementsAre("20261120000137"))
      << "no pattern is no reason to stop";
  std::string many;
  for (int i = 0; i < 50; ++i) many += fmt::format("甲{}乙", i);
  EXPECT_EQ(numbers_in(many, {R"(甲\d+)"}).size(), 8U);
  EXPECT_THAT(numbers_in("甲乙", {"x*", "()"}), ElementsAre()) << "what finds nothing finds no number";
}

class Titles : public testing::Test {
 protected:
  Titles() { hall_.clock().set(at(40'000)); }
  void shot(double when, const std::string& title) {
    capture::ShotFacts facts;
    facts.title = title;
    facts.program = "chromium";
    recorder_.fragment(at(when), at(when + 1), facts);
  }
  void tell(Event::Type type, double when, const char* ticket, const char* number = "") {
    Event event;
    event.id = std::to_string(++events_);
    event.type = type;
    event.at = at(when);
    event.window = type == Event::Type::case_step ? "" : "w1";
    event.ticket = ticket;
    event.case_number = number;
    if (type == Event::Type::case_step) event.step = "concluded";
    event.raw = "{}";
    ASSERT_TRUE(hall_.index().ingest("feed", {event}));
  }
  /// "A1 0-100 number_on_screen 20-60" of the case's visits.
  std::string visits(const char* number = "20261120-000137") {
    hall_.settle();
    std::string text;
    const auto second = [](WallTime time) { return double((time - at(0)).count()) / 1e6; };
    const auto answer = hall_.index().case_answer(number);
    if (!answer) return answer.error().message;
    for (const auto& visit : answer->visits) {
      text += fmt::format("{}{} {:g}-{:g} {}", text.empty() ? "" : "; ", visit.ticket, second(visit.called),
                          visit.finished ? second(*visit.finished) : -1, visit.link.why);
    }
    return text;
  }

  Hall hall_;
  FakeRecorder recorder_{hall_.index(), "ws-1.screen"};
  int events_ = 0;
};

TEST_F(Titles, AKnownNumberOnTheCountersScreenLinksTheVisit) {
  tell(Event::Type::case_step, 30'000, "", "20261120-000137");
  tell(Event::Type::ticket_called, 0, "A1");
  tell(Event::Type::ticket_finished, 100, "A1");
  shot(10, "首页");
  shot(20, "受理 ２０２６１１２０-000137");
  shot(25, "受理 ２０２６１１２０-000137");
  shot(90, "首页");
  EXPECT_EQ(visits(), "A1 0-100 number_on_screen");
}

TEST_F(Titles, ANumberThatIsToldLaterLinksWhatWasSeenBefore) {
  tell(Event::Type::ticket_called, 0, "A1");
  tell(Event::Type::ticket_finished, 100, "A1");
  shot(20, "受理 20261120-000137");
  shot(90, "首页");
  tell(Event::Type::case_step, 30'000, "", "20261120-000137");
  EXPECT_EQ(visits(), "A1 0-100 number_on_screen");
}

TEST_F(Titles, ATicketThatIsToldLaterTakesTheInferredVisitsPlace) {
  tell(Event::Type::case_step, 30'000, "", "20261120-000137");
  shot(20, "受理 20261120-000137");
  shot(90, "受理 20261120-000137");
  EXPECT_EQ(visits(), "");
  shot(250, "首页");
  EXPECT_EQ(visits(), " -40-250 number_on_screen_without_ticket");
  tell(Event::Type::ticket_called, 0, "A1");
  tell(Event::Type::ticket_finished, 100, "A1");
  EXPECT_EQ(visits(), "A1 0-100 number_on_screen");
}

TEST_F(Titles, APatternSetLaterFindsTheNumbersOfEarlierTitles) {
  const char* const number = "川0116-受理〔2026〕第37号";
  tell(Event::Type::case_step, 30'000, "", number);
  tell(Event::Type::ticket_called, 0, "A1");
  tell(Event::Type::ticket_finished, 100, "A1");
  shot(20, fmt::format("审查 {} - 政务", number));
  shot(90, "首页");
  EXPECT_EQ(visits(number), "");
  auto settings = small_hall();
  settings.cases.title_patterns = {R"(川0116-受理〔\d{4}〕第\d+号)"};
  hall_.apply(settings);
  shot(95, "一个新标题");  // earlier titles are looked through beside new ones
  EXPECT_EQ(visits(number), "A1 0-100 number_on_screen");
  hall_.apply(small_hall());
  shot(98, "又一个新标题");
  EXPECT_EQ(visits(number), "A1 0-100 number_on_screen") << "what was found stays found";
}

TEST_F(Titles, PartOfANumberIsNone) {
  tell(Event::Type::case_step, 30'000, "", "20261120-000137");
  shot(20, "受理 20261120-0001379");
  shot(30, "受理 0261120-000137");
  EXPECT_EQ(visits(), "");
}

}  // namespace
}  // namespace mj::index::test
