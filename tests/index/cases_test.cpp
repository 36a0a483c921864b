#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "tests/index/hall.h"

namespace mj::index::test {
namespace {

Event event(const char* id, Event::Type type, double when, const char* window, const char* ticket,
            const char* number = "", const char* step = "", const char* clerk = "") {
  Event event;
  event.id = id;
  event.type = type;
  event.at = at(when);
  event.window = window;
  event.ticket = ticket;
  event.case_number = number;
  event.step = step;
  event.clerk = clerk;
  event.raw = fmt::format("{{\"id\":\"{}\"}}", id);
  return event;
}
Event called(const char* id, double when, const char* window, const char* ticket, const char* number = "",
             const char* clerk = "") {
  return event(id, Event::Type::ticket_called, when, window, ticket, number, "", clerk);
}
Event finished(const char* id, double when, const char* window, const char* ticket) {
  return event(id, Event::Type::ticket_finished, when, window, ticket);
}
Event stepped(const char* id, double when, const char* window, const char* number, const char* step,
              const char* clerk = "") {
  return event(id, Event::Type::case_step, when, window, "", number, step, clerk);
}

class Cases : public testing::Test {
 protected:
  Cases() { hall_.clock().set(at(40'000)); }
  Index& index() { return hall_.index(); }
  void ingest(std::vector<Event> events) {
    const auto done = index().ingest("feed", std::move(events));
    ASSERT_TRUE(done) << done.error().message;
  }
  std::string refusal(std::vector<Event> events) {
    const auto done = index().ingest("feed", std::move(events));
    if (done) return "(accepted)";
    EXPECT_EQ(done.error().kind, ErrorKind::invalid);
    return done.error().message;
  }
  std::vector<std::string> found(const std::string& query, int limit = 50) {
    std::vector<std::string> numbers;
    const auto hits = index().search_cases(query, limit);
    EXPECT_TRUE(hits) << hits.error().message;
    for (const auto& hit : *hits) numbers.push_back(hit.number);
    return numbers;
  }
  /// "A1 0-60 ticket_names_case, ..." of a case's visits.
  std::string visits(const std::string& number) {
    const auto answer = index().case_answer(number);
    if (!answer) return answer.error().message;
    std::string text;
    for (const auto& visit : answer->visits) {
      text += fmt::format("{}{} {:g}-", text.empty() ? "" : ", ", visit.ticket,
                          double((visit.called - at(0)).count()) / 1e6);
      if (visit.finished) text += fmt::format("{:g}", double((*visit.finished - at(0)).count()) / 1e6);
      text += " " + visit.link.why;
    }
    return text;
  }

  Hall hall_;
};

TEST_F(Cases, TheSameEventAgainChangesNothing) {
  const auto first =
      index().ingest("feed", {called("1", 0, "w1", "A1", "SC-1"), called("1", 0, "w1", "A1", "SC-1")});
  EXPECT_EQ(first->accepted, 1);
  EXPECT_EQ(first->duplicates, 1);
  EXPECT_EQ(index().ingest("feed", {called("1", 5, "w2", "B2", "SC-2")})->duplicates, 1);
  EXPECT_EQ(visits("SC-1"), "A1 0- ticket_names_case");
  EXPECT_EQ(index().ingest("other", {called("1", 5, "w2", "B2", "SC-2")})->accepted, 1)
      << "ids are a feed's own";
}

TEST_F(Cases, TakesAllEventsOfABatchOrNone) {
  EXPECT_EQ(refusal({called("1", 0, "w1", "A1", "SC-1"), called("2", 1, "w9", "A2")}),
            "events[1].window: no window \"w9\" in the settings");
  EXPECT_EQ(index().case_answer("SC-1").error().kind, ErrorKind::not_found);
  EXPECT_TRUE(index().recent_cases(10)->empty());
}

TEST_F(Cases, NamesThePlaceOfEveryMistake) {
  EXPECT_THAT(refusal({called("", 0, "w1", "A1")}), testing::StartsWith("events[0].id: "));
  EXPECT_THAT(refusal({called("1", 0, "", "A1")}), testing::StartsWith("events[0].window: "));
  EXPECT_THAT(refusal({called("1", 0, "w1", "")}), testing::StartsWith("events[0].ticket: "));
  EXPECT_THAT(refusal({stepped("1", 0, "w1", "", "accepted")}), testing::StartsWith("events[0].case: "));
  EXPECT_THAT(refusal({stepped("1", 0, "w1", "SC", "")}), testing::StartsWith("events[0].step: "));
  EXPECT_THAT(refusal({stepped("1", 0, "w1", "a\nb", "x")}), testing::StartsWith("events[0].case: "));
  EXPECT_THAT(refusal({called("1", 0, "w1", std::string(300, 'A').c_str())}),
              testing::StartsWith("events[0].ticket: "));
  auto absurd = called("1", 0, "w1", "A1");
  absurd.at = WallTime::max();
  EXPECT_THAT(refusal({absurd}), testing::StartsWith("events[0].at: "));
}

TEST_F(Cases, AnUnknownClerkIsTakenByNumber) {
  ingest({called("1", 0, "w1", "A1", "SC-1", "2044"), called("2", 10, "w2", "A2", "SC-2", "1037")});
  EXPECT_EQ(index().case_answer("SC-1")->visits[0].clerk->name, "2044");
  EXPECT_EQ(index().case_answer("SC-2")->visits[0].clerk->name, "王芳");
}

TEST_F(Cases, AnswersWithEverythingAboutACase) {
  auto accepted = stepped("3", 30, "w1", "ＳＣ 1", "accepted", "1037");
  accepted.item_code = "X-01";
  accepted.item_name = "不动产登记";
  ingest({called("1", 0, "w1", "A1", "SC-1"), finished("2", 60, "w1", "A1"), accepted,
          called("4", 100, "w2", "B7"), stepped("5", 110, "w2", "SC-1", "supplement"),
          stepped("6", 5'000, "", "SC-1", "concluded")});
  const auto answer = index().case_answer("sc–1").value();
  EXPECT_EQ(answer.number, "SC-1");
  EXPECT_EQ(answer.item->id, "X-01");
  EXPECT_EQ(answer.item->name, "不动产登记");
  std::string steps;
  for (const auto& step : answer.steps) steps += step.type + " ";
  EXPECT_EQ(steps, "ticket_called accepted ticket_finished ticket_called supplement concluded ");
  EXPECT_EQ(answer.steps[1].clerk->name, "王芳");
  EXPECT_EQ(answer.steps[1].source, "feed");
  EXPECT_FALSE(answer.steps[5].window);
  ASSERT_EQ(answer.visits.size(), 2U);
  EXPECT_EQ(answer.visits[0].window->name, "1号窗口");
  EXPECT_EQ(answer.visits[0].link.source, "queue");
  EXPECT_DOUBLE_EQ(answer.visits[0].link.confidence, 0.99);
  EXPECT_EQ(answer.visits[1].link.source, "step");
  EXPECT_EQ(answer.visits[1].link.why, "step_during_visit");
  EXPECT_FALSE(answer.visits[1].finished);
}

TEST_F(Cases, LateEventsGiveTheSameAnswerAsTimelyOnes) {
  std::vector<Event> events;
  for (int i = 0; i < 30; ++i) {
    const auto id = [&](const char* kind) { return fmt::format("{}{}", kind, i); };
    const auto ticket = fmt::format("A{}", i);
    const auto number = fmt::format("SC-{}", i % 7);
    events.push_back(called(id("c").c_str(), i * 600, i % 2 == 0 ? "w1" : "w2", ticket.c_str(),
                            i % 3 == 0 ? number.c_str() : "", "1037"));
    if (i % 4 != 0)
      events.push_back(finished(id("f").c_str(), i * 600 + 500, i % 2 == 0 ? "w1" : "w2", ticket.c_str()));
    events.push_back(stepped(id("s").c_str(), i * 600 + 100,
                             i % 5 == 0   ? ""
                             : i % 2 == 0 ? "w1"
                                          : "w2",
                             number.c_str(), "accepted", "1037"));
  }
  ingest(events);
  std::map<std::string, std::string> timely;
  for (int i = 0; i < 7; ++i) timely[fmt::format("SC-{}", i)] = visits(fmt::format("SC-{}", i));
  std::mt19937 random(5);
  for (int round = 0; round < 5; ++round) {
    Hall late;
    std::ranges::shuffle(events, random);
    for (const auto& event : events) ASSERT_TRUE(late.index().ingest("feed", {event}));
    for (const auto& [number, expected] : timely) {
      const auto answer = late.index().case_answer(number).value();
      std::string text;
      for (const auto& visit : answer.visits) {
        text += fmt::format("{}{} {:g}-", text.empty() ? "" : ", ", visit.ticket,
                            double((visit.called - at(0)).count()) / 1e6);
        if (visit.finished) text += fmt::format("{:g}", double((*visit.finished - at(0)).count()) / 1e6);
        text += " " + visit.link.why;
      }
      ASSERT_EQ(text, expected) << number;
    }
  }
}

TEST_F(Cases, AVisitKeepsItsIdWhenMoreIsLearntAboutIt) {
  ingest({called("1", 0, "w1", "A1", "SC-1")});
  const auto before = index().case_answer("SC-1")->visits[0].id;
  ingest({finished("2", 60, "w1", "A1"), stepped("3", 30, "w1", "SC-2", "accepted")});
  EXPECT_EQ(index().case_answer("SC-1")->visits[0].id, before);
  EXPECT_EQ(index().case_answer("SC-2")->visits[0].id, before);
}

TEST_F(Cases, AnEarlierCallThatComesLateTakesOverTheVisit) {
  ingest({called("2", 20, "w1", "A1", "SC-1"), finished("3", 60, "w1", "A1")});
  EXPECT_EQ(visits("SC-1"), "A1 20-60 ticket_names_case");
  ingest({called("1", 0, "w1", "A1")});
  EXPECT_EQ(visits("SC-1"), "A1 0-60 ticket_names_case");
}

TEST_F(Cases, FindsByWholeBeginningAndEnd) {
  ingest({called("1", 0, "w1", "A1", "20260105-100137"), called("2", 100, "w1", "A2", "20260105-200137"),
          called("3", 200, "w1", "A3", "20260106-100999"),
          called("4", 300, "w1", "A4", "SC20260105-100137")});
  EXPECT_THAT(found("20260105"), testing::ElementsAre("20260105-200137", "20260105-100137"));
  EXPECT_THAT(found("0137"), testing::ElementsAre("SC20260105-100137", "20260105-200137", "20260105-100137"));
  EXPECT_THAT(found("20260105100137"), testing::ElementsAre("20260105-100137", "SC20260105-100137"));
  EXPECT_THAT(found("ｓｃ２０２６０１０５"), testing::ElementsAre("SC20260105-100137"));
  EXPECT_THAT(found("5555"), testing::IsEmpty());
  EXPECT_THAT(found("0137", 1), testing::ElementsAre("SC20260105-100137"));
  EXPECT_THAT(found("0137", 0), testing::IsEmpty());
  EXPECT_EQ(index().search_cases("", 10).error().kind, ErrorKind::invalid);
}

TEST_F(Cases, TakesWildcardsAndQuotesAsCharacters) {
  ingest({called("1", 0, "w1", "A1", "A%1"), called("2", 1, "w1", "A2", "AB1"),
          called("3", 2, "w1", "A3", "A_1"), called("4", 3, "w1", "A4", "x'; DROP TABLE cases;")});
  EXPECT_THAT(found("A%"), testing::ElementsAre("A%1"));
  EXPECT_THAT(found("A_1"), testing::ElementsAre("A_1"));
  EXPECT_THAT(found("%"), testing::IsEmpty());
  EXPECT_THAT(found("x'; DROP TABLE cases;"), testing::SizeIs(1));
}

TEST_F(Cases, SearchAgreesWithReadingEveryNumber) {
  std::mt19937 random(9);
  const std::string alphabet = "0123456789AB办件";
  std::vector<Event> events;
  std::vector<std::string> numbers;
  for (int i = 0; i < 400; ++i) {
    std::string number;
    for (auto n = 4 + random() % 5; n > 0; --n) {
      const auto pick = random() % 14;
      number += pick < 12 ? alphabet.substr(pick, 1) : pick == 12 ? "办" : "件";
    }
    numbers.push_back(*fold_case_number(number));
    events.push_back(
        called(fmt::format("{}", i).c_str(), i * 10, "w1", fmt::format("T{}", i).c_str(), number.c_str()));
  }
  ingest(events);
  std::ranges::sort(numbers);
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  for (int round = 0; round < 300; ++round) {
    const auto& number = numbers[random() % numbers.size()];
    const auto cut = 1 + random() % number.size();
    const auto query = random() % 2 == 0 ? number.substr(0, cut) : number.substr(number.size() - cut);
    if (!fold_case_number(query)) continue;  // cut through a character
    const auto expected = std::ranges::count_if(
        numbers, [&](const auto& n) { return n.starts_with(query) || n.ends_with(query); });
    ASSERT_EQ(static_cast<long>(found(query, 100).size()), std::min<long>(expected, 100)) << query;
  }
}

TEST_F(Cases, ListsTheNewestCasesFirst) {
  ingest({called("1", 100, "w1", "A1", "OLD"), called("2", 200, "w1", "A2", "NEW"),
          stepped("3", 50, "", "STEP-ONLY", "accepted")});
  const auto cases = index().recent_cases(10).value();
  ASSERT_EQ(cases.size(), 3U);
  EXPECT_EQ(cases[0].number, "NEW");
  EXPECT_EQ(cases[1].number, "OLD");
  EXPECT_EQ(cases[2].number, "STEP-ONLY");
  EXPECT_EQ(cases[0].visits, 1);
  EXPECT_EQ(cases[0].window->name, "1号窗口");
  EXPECT_EQ(cases[0].called, at(200));
  EXPECT_EQ(cases[2].visits, 0);
  EXPECT_FALSE(cases[2].called);
  ingest({called("4", 300, "w2", "B1", "OLD")});
  EXPECT_EQ(index().recent_cases(1)->at(0).number, "OLD");
}

TEST_F(Cases, ArePagedWithoutLossOrRepetition) {
  std::vector<Event> events;
  for (int i = 0; i < 25; ++i) {
    const std::string id = std::to_string(i), number = fmt::format("SC-{:02}", i);
    events.push_back(
        stepped(id.c_str(), 100 + i / 4, "", number.c_str(), "accepted"));  // four at each moment
  }
  events.push_back(stepped("same", 1, "", "SC", "accepted"));
  ingest(std::move(events));
  for (const bool search : {false, true}) {
    std::vector<std::string> paged, at_once;
    CaseCursor after;
    while (true) {
      const auto page = search ? index().search_cases("SC", 4, after) : index().recent_cases(4, after);
      ASSERT_TRUE(page);
      if (page->empty()) break;
      for (const auto& hit : *page) paged.push_back(hit.number);
      after = page->back().place;
    }
    const auto whole = search ? index().search_cases("SC", 100) : index().recent_cases(100);
    for (const auto& hit : whole.value()) at_once.push_back(hit.number);
    EXPECT_EQ(paged, at_once);
    EXPECT_EQ(paged.size(), 26U);
    EXPECT_EQ(search ? paged.front() : paged.back(), "SC");
  }
}

/// Role, key, state and cause of a visit's streams.
std::string streams(const Visit& visit) {
  std::string text;
  for (const auto& stream : visit.streams) {
    text += fmt::format("{}{} {} {}{}", text.empty() ? "" : ", ", stream.role,
                        stream.key.empty() ? "-" : stream.key, name(stream.state),
                        stream.cause ? std::string(" ") + name(*stream.cause) : "");
  }
  return text;
}

TEST_F(Cases, ShowsTheStreamsOfAVisitInOrderWithTheirState) {
  FakeRecorder camera(index(), "cam-w1.main");
  camera.footage(at(90), 60);
  camera.outage(at(150), GapCause::shutdown);
  FakeRecorder screen(index(), "ws-1.screen");
  screen.outage(at(50), GapCause::agent_away, "the agent sends nothing");
  ingest({called("1", 100, "w1", "A1", "SC-1"), finished("2", 140, "w1", "A1"),
          called("3", 100, "w3", "C1", "SC-3")});
  const auto visit = index().case_answer("SC-1")->visits[0];
  EXPECT_EQ(streams(visit),
            "counter cam-w1.main footage, counter cam-w1.sub gap camera_unreachable, "
            "screen ws-1.screen gap agent_away, area cam-hall.main gap camera_unreachable");
  EXPECT_EQ(visit.streams[0].purpose, "办事过程记录");
  EXPECT_EQ(visit.streams[0].legal_basis, "优化营商环境条例58");
  EXPECT_EQ(visit.streams[0].name, "1号窗口摄像机");
  EXPECT_EQ(visit.streams[1].kind, StreamKind::sub);
  EXPECT_EQ(streams(index().case_answer("SC-3")->visits[0]), "counter - never_mapped, screen - never_mapped");
}

TEST_F(Cases, OpensTheCameraThatWatchedTheWindowThen) {
  ingest({called("1", 100, "w1", "A1", "SC-1"), finished("2", 140, "w1", "A1")});
  auto settings = small_hall();
  settings.cameras[0].id = "cam-new";
  hall_.apply(settings);
  hall_.clock().advance(seconds(100));
  ingest({called("3", 40'050, "w1", "A2", "SC-2")});
  EXPECT_THAT(streams(index().case_answer("SC-1")->visits[0]), testing::StartsWith("counter cam-w1.main "));
  EXPECT_THAT(streams(index().case_answer("SC-2")->visits[0]), testing::StartsWith("counter cam-new.main "));
}

TEST_F(Cases, AVisitBeforeTheHallWasConfiguredWasNeverMapped) {
  ingest({called("1", -100, "w1", "A1", "SC-1")});
  EXPECT_EQ(streams(index().case_answer("SC-1")->visits[0]), "counter - never_mapped, screen - never_mapped");
}

}  // namespace
}  // namespace mj::index::test
