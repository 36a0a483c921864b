#include "index/feeds.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <random>

#include "index/sqlite.h"
#include "tests/index/hall.h"

namespace mj::index::test {
namespace {

using Type = Event::Type;

Event event(std::string id, Type type, double when, const char* window = "", const char* ticket = "") {
  Event event;
  event.id = std::move(id);
  event.type = type;
  event.at = at(when);
  event.window = window;
  event.ticket = ticket;
  event.raw = fmt::format("{{\"id\":\"{}\"}}", event.id);
  return event;
}
Event called(std::string id, double when, const char* window, const char* ticket, const char* number = "") {
  Event call = event(std::move(id), Type::ticket_called, when, window, ticket);
  call.case_number = number;
  return call;
}
Event finished(std::string id, double when, const char* window, const char* ticket) {
  return event(std::move(id), Type::ticket_finished, when, window, ticket);
}
Event duty(std::string id, Type type, double when, const char* clerk, const char* window,
           std::optional<double> until = {}) {
  Event event = mj::index::test::event(std::move(id), type, when, window);
  event.clerk = clerk;
  if (until) event.until = at(*until);
  return event;
}
Event correcting(Event event, const char* corrects) {
  event.corrects = corrects;
  return event;
}
Event withdrawn(std::string id, double when, const char* withdraws) {
  return correcting(event(std::move(id), Type::withdrawn, when), withdraws);
}

/// What of an index does not depend on the order in which rows were made.
constexpr const char* kTold[] = {
    "SELECT format('event %s %d', source_id, counts) FROM events ORDER BY 1",
    R"(SELECT format('visit %s %s %s %d-%s %d %s %s', visits.window, visits.ticket, visits.clerk,
         (called_us - ?1) / 1000000, (finished_us - ?1) / 1000000, finished_inferred, called.source_id,
         done.source_id)
       FROM visits JOIN events AS called ON called.id = called_event
       LEFT JOIN events AS done ON done.id = finished_event ORDER BY 1)",
    R"(SELECT format('link %s %s %s', folded, called.source_id, rule)
       FROM links JOIN visits ON visits.id = visit JOIN events AS called ON called.id = called_event
       JOIN cases ON cases.id = links.case_id ORDER BY 1)",
    R"(SELECT format('case %s %d %s', folded, (newest_us - ?1) / 1000000, items.name)
       FROM cases LEFT JOIN items ON items.id = item ORDER BY 1)",
    "SELECT format('item %s %s %s', name, promised_days, risk) FROM items ORDER BY 1",
    R"(SELECT format('duty %s %s %d-%d %s', clerk, window, (from_us - ?1) / 1000000,
         (to_us - ?1) / 1000000, said_by) FROM clerk_windows ORDER BY 1)",
};

class FeedEvents : public testing::Test {
 protected:
  FeedEvents() { hall_.clock().set(at(90'000)); }
  Index& index() { return hall_.index(); }
  void ingest(std::vector<Event> events) {
    const auto done = index().ingest("feed", std::move(events));
    ASSERT_TRUE(done) << done.error().message;
  }
  std::vector<std::string> told(std::string_view only = "") { return told_by(hall_, only); }
  static std::vector<std::string> told_by(Hall& hall, std::string_view only = "") {
    const auto database = Database::open(hall.directory() / "index.db", Database::Mode::read).value();
    std::vector<std::string> lines;
    for (const char* sql : kTold) {
      const auto line = [&](const Statement& row) {
        if (row.text(0).starts_with(only)) lines.push_back(row.text(0));
      };
      // Some of the statements have no parameter to bind.
      const auto read = std::string_view(sql).find("?1") == std::string_view::npos
                            ? database->each(sql, line)
                            : database->each(sql, line, kMidnight);
      EXPECT_TRUE(read) << read.error().message;
    }
    return lines;
  }

  Hall hall_;
};

TEST_F(FeedEvents, ACorrectionReplacesWhatItCorrects) {
  ingest({called("1", 0, "w1", "A1", "SC-1"), finished("2", 60, "w1", "A1")});
  const int64_t visit = index().case_answer("SC-1")->visits.at(0).id;
  ingest({correcting(called("3", 20, "w2", "A7", "SC-2"), "1")});
  EXPECT_THAT(told("visit"), testing::ElementsAre("visit w2 A7  20- 0 3 "));
  EXPECT_THAT(told("event"), testing::ElementsAre("event 1 0", "event 2 1", "event 3 1"));
  EXPECT_TRUE(index().case_answer("SC-1")->visits.empty());
  EXPECT_EQ(index().case_answer("SC-2")->visits.at(0).id, visit) << "what people said of it stays with it";
}

TEST_F(FeedEvents, ACorrectionThatComesFirstCountsAllTheSame) {
  ingest({correcting(called("3", 20, "w2", "A7"), "1")});
  ingest({called("1", 0, "w1", "A1", "SC-1")});
  EXPECT_THAT(told("visit"), testing::ElementsAre("visit w2 A7  20- 0 3 "));
}

TEST_F(FeedEvents, OfTwoCorrectionsTheGreaterIdCounts) {
  ingest({called("q-1", 0, "w1", "A1"), correcting(called("q-10", 0, "w1", "A10"), "q-1"),
          correcting(called("q-9", 0, "w1", "A9"), "q-1")});
  EXPECT_THAT(told("visit"), testing::ElementsAre("visit w1 A10  0- 0 q-10 "));
}

TEST_F(FeedEvents, AWithdrawnEventNeverWasSo) {
  ingest({called("1", 0, "w1", "A1", "SC-1"), withdrawn("2", 100, "1")});
  EXPECT_THAT(told("visit"), testing::IsEmpty());
  EXPECT_TRUE(index().case_answer("SC-1")->visits.empty());
  EXPECT_TRUE(index().case_answer("SC-1")->steps.empty());
  ingest({withdrawn("4", 100, "3")});
  ingest({called("3", 50, "w1", "A2")});
  EXPECT_THAT(told("visit"), testing::IsEmpty()) << "also when the withdrawal comes first";
}

TEST_F(FeedEvents, WhatGoesBackToAWithdrawnEventIsWithdrawnToo) {
  ingest({called("1", 0, "w1", "A1"), correcting(called("2", 5, "w1", "A2"), "1"),
          correcting(called("3", 6, "w1", "A3"), "2")});
  EXPECT_THAT(told("visit"), testing::SizeIs(1));
  ingest({withdrawn("4", 9, "1")});
  EXPECT_THAT(told("visit"), testing::IsEmpty());
}

TEST_F(FeedEvents, WithdrawingACorrectionBringsNothingBack) {
  ingest({called("1", 0, "w1", "A1"), correcting(called("2", 5, "w1", "A2"), "1"), withdrawn("3", 9, "2")});
  EXPECT_THAT(told("visit"), testing::IsEmpty());
  EXPECT_THAT(told("event"), testing::ElementsAre("event 1 0", "event 2 0", "event 3 0"));
}

TEST_F(FeedEvents, FeedsCorrectOnlyTheirOwn) {
  ingest({called("1", 0, "w1", "A1")});
  ASSERT_TRUE(index().ingest("other", {withdrawn("2", 5, "1")}));
  EXPECT_THAT(told("visit"), testing::SizeIs(1));
}

TEST_F(FeedEvents, EventsThatCorrectEachOtherCountNeither) {
  ingest({correcting(called("1", 0, "w1", "A1"), "2"), correcting(called("2", 0, "w1", "A2"), "1")});
  EXPECT_THAT(told("visit"), testing::IsEmpty());
}

TEST_F(FeedEvents, ASignInLastsUntilTheNextThatEndsIt) {
  ingest({duty("1", Type::sign_in, 0, "1037", "w1"), duty("2", Type::sign_in, 100, "1037", "w2"),
          duty("3", Type::sign_out, 300, "1037", ""), duty("4", Type::sign_in, 400, "1038", "w1"),
          duty("5", Type::sign_in, 500, "1039", "w1"), duty("6", Type::roster, 0, "1040", "w3", 3'600)});
  EXPECT_THAT(told("duty"),
              testing::ElementsAre("duty 1037 w1 0-100 sign_in", "duty 1037 w2 100-300 sign_in",
                                   "duty 1038 w1 400-500 sign_in", "duty 1039 w1 500-58100 sign_in",
                                   "duty 1040 w3 0-3600 roster"));
}

TEST_F(FeedEvents, ItemsKnowWhatWasSaidForTheNewestMoment) {
  const auto with_item = [](std::string id, double when, std::optional<int64_t> days, const char* risk) {
    Event call = called(std::move(id), when, "w1", "A1", "SC-1");
    call.item_code = "X";
    call.item_name = "不动产登记";
    call.promised_days = days;
    call.risk = risk;
    return call;
  };
  ingest({with_item("1", 100, 5, "B"), with_item("2", 50, 9, "A"), with_item("3", 200, {}, "C")});
  EXPECT_THAT(told("item"), testing::ElementsAre("item 不动产登记 5 C"));
}

TEST_F(FeedEvents, SaysWhatEachTypeNeeds) {
  const auto refusal = [&](const Event& event) {
    const auto done = index().ingest("feed", {event});
    return done ? "(accepted)" : done.error().message;
  };
  EXPECT_THAT(refusal(duty("1", Type::sign_in, 0, "", "w1")), testing::StartsWith("events[0].clerk: "));
  EXPECT_THAT(refusal(duty("1", Type::sign_in, 0, "1037", "")), testing::StartsWith("events[0].window: "));
  EXPECT_THAT(refusal(duty("1", Type::roster, 0, "1037", "w1")), testing::StartsWith("events[0].until: "));
  EXPECT_THAT(refusal(duty("1", Type::roster, 0, "1037", "w1", 0)), testing::StartsWith("events[0].until: "));
  EXPECT_THAT(refusal(duty("1", Type::roster, 0, "1037", "w1", 32.0 * 86'400)),
              testing::StartsWith("events[0].until: "));
  EXPECT_THAT(refusal(event("1", Type::rating, 0, "w1")), testing::StartsWith("events[0].score: "));
  EXPECT_THAT(refusal(event("1", Type::complaint, 0, "w1")), testing::StartsWith("events[0].text: "));
  EXPECT_THAT(refusal(event("1", Type::withdrawn, 0)), testing::StartsWith("events[0].withdraws: "));
  EXPECT_THAT(refusal(withdrawn("1", 0, "1")), testing::StartsWith("events[0].corrects: "));
  auto rating = event("1", Type::rating, 0);
  rating.score = 5;
  EXPECT_THAT(refusal(rating), testing::StartsWith("events[0].window: "));
  rating.window = "w1";
  EXPECT_EQ(refusal(rating), "(accepted)");
}

TEST_F(FeedEvents, OneByOneAWrongEventKeepsNoOtherAway) {
  Feeds feeds(index());
  const auto done = feeds.take_each("feed", {called("1", 0, "w1", "A1"), called("2", 1, "w9", "A2"),
                                             called("1", 0, "w1", "A1"), called("3", 2, "w2", "")});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->accepted, 1);
  EXPECT_EQ(done->duplicates, 1);
  ASSERT_EQ(done->refused.size(), 2U);
  EXPECT_EQ(done->refused[0].position, 1U);
  EXPECT_EQ(done->refused[0].message, "window: no window \"w9\" in the settings");
  EXPECT_EQ(done->refused[1].position, 3U);
  EXPECT_THAT(told("visit"), testing::SizeIs(1));
}

TEST_F(FeedEvents, ARowThatWasChangedReplacesWhatItTold) {
  Feeds feeds(index());
  const auto take = [&](Event event, const char* content) {
    event.raw = content;
    const auto done = feeds.take_rows("feed", {event});
    EXPECT_TRUE(done) << done.error().message;
    return fmt::format("{} new, {} replaced, {} known, {} different", done->accepted, done->replaced,
                       done->duplicates, done->different);
  };
  const auto call = [](const char* window, const char* number) {
    return called("1", 0, window, "A1", number);
  };
  take(call("w1", "SC-1"), "first");
  const int64_t visit = index().case_answer("SC-1")->visits.at(0).id;
  EXPECT_EQ(take(call("w1", "SC-2"), "second"), "1 new, 1 replaced, 0 known, 0 different");
  EXPECT_TRUE(index().case_answer("SC-1")->visits.empty());
  EXPECT_EQ(index().case_answer("SC-2")->visits.at(0).id, visit) << "what people said of it stays with it";
  EXPECT_EQ(take(call("w1", "SC-2"), "second"), "0 new, 0 replaced, 1 known, 0 different");
  EXPECT_EQ(take(call("w1", "SC-1"), "first"), "0 new, 0 replaced, 1 known, 0 different") << "an old file";
  EXPECT_EQ(take(call("w9", ""), "nonsense"), "0 new, 0 replaced, 0 known, 0 different");
  EXPECT_EQ(take(call("w2", "SC-2"), "third"), "1 new, 1 replaced, 0 known, 0 different");
  EXPECT_THAT(told("event"), testing::ElementsAre("event 1 0", "event 1~2 0", "event 1~3 1"));
  EXPECT_EQ(index().case_answer("SC-2")->visits.at(0).window->id, "w2");
  EXPECT_EQ(take(withdrawn("2", 0, "1"), "a"), "1 new, 0 replaced, 0 known, 0 different");
  EXPECT_EQ(take(withdrawn("2", 0, "1~3"), "b"), "0 new, 0 replaced, 1 known, 1 different");
  EXPECT_THAT(told("visit"), testing::IsEmpty());
}

TEST_F(FeedEvents, ACursorStaysWhereItWasMoved) {
  Feeds feeds(index());
  EXPECT_EQ(feeds.cursor("sql").value(), "");
  ASSERT_TRUE(feeds.move_cursor("sql", "17"));
  ASSERT_TRUE(feeds.move_cursor("sql", "18"));
  hall_.reopen();
  EXPECT_EQ(Feeds(index()).cursor("sql").value(), "18");
}

TEST_F(FeedEvents, AFeedsClockIsJudgedByWhatItTellsAtOnce) {
  const auto ahead = [&] {
    const auto database = Database::open(hall_.directory() / "index.db", Database::Mode::read).value();
    const auto number = [](const Statement& row) { return row.integer(0); };
    return database->first("SELECT max(ahead_us) FROM feed_clocks WHERE source = 'feed'", number)
        .value()
        .value();
  };
  hall_.clock().set(at(1'000));
  auto early = called("1", 998, "w1", "A1");  // its clock shows 1003 by now, and it told 5 s after the call
  early.clock_offset = seconds(3);
  ingest({early, duty("2", Type::roster, 9'000, "1037", "w1", 9'999), called("3", -5'000, "w2", "B1")});
  EXPECT_EQ(ahead(), 1'000'000) << "neither plans nor old news tell a clock";
  ingest({called("4", 1'002.5, "w2", "B2")});
  EXPECT_EQ(ahead(), 2'500'000);
}

/// A morning at two windows with everything that goes wrong in it: late facts, corrections of corrections,
/// withdrawals, sign-ins, equal instants.
std::vector<Event> hard_morning(std::mt19937& random) {
  std::vector<Event> events;
  const auto pick = [&](int below) { return static_cast<int>(random() % static_cast<unsigned>(below)); };
  const char* const windows[] = {"w1", "w2"};
  const char* const clerks[] = {"1037", "1038"};
  const auto id = [&] { return fmt::format("e{}", events.size()); };
  for (int i = 0; i < 80; ++i) {
    const double when = pick(40) * 30;
    const char* window = windows[pick(2)];
    const std::string ticket = fmt::format("A{}", pick(12));
    const std::string number = fmt::format("SC-{}", pick(6));
    Event next;
    switch (pick(6)) {
      case 0:
      case 1:
        next = called(id(), when, window, ticket.c_str(), pick(3) == 0 ? number.c_str() : "");
        if (pick(2) == 0) next.clerk = clerks[pick(2)];
        break;
      case 2:
        next = finished(id(), when, window, pick(4) == 0 ? "" : ticket.c_str());
        break;
      case 3:
        next = event(id(), Type::case_step, when, pick(2) == 0 ? window : "");
        next.case_number = number;
        next.step = "accepted";
        next.clerk = clerks[pick(2)];
        next.item_name = fmt::format("事项{}", pick(3));
        next.promised_days = pick(4);
        next.risk = pick(2) == 0 ? "A" : "";
        break;
      case 4:
        next = duty(id(), pick(2) == 0 ? Type::sign_in : Type::sign_out, when, clerks[pick(2)], window);
        break;
      default:
        next = duty(id(), Type::roster, when, clerks[pick(2)], window, when + 600 + pick(3) * 600);
    }
    if (pick(4) == 0) next.corrects = fmt::format("e{}", pick(80));
    if (next.corrects == next.id) next.corrects.clear();
    if (pick(8) == 0) next = withdrawn(next.id, when, fmt::format("e{}", i == 0 ? 1 : pick(i)).c_str());
    events.push_back(std::move(next));
  }
  return events;
}

/// The rule of corrections.h once more, from all events at once.
bool should_count(const std::vector<Event>& all, const Event& event) {
  const auto names = [&](const std::string& id, const auto& fits) {
    return std::ranges::any_of(all, [&](const Event& other) { return other.corrects == id && fits(other); });
  };
  if (event.type == Type::withdrawn || names(event.id, [](const Event&) { return true; })) return false;
  if (!event.corrects.empty() && names(event.corrects, [&](const Event& rival) {
        const auto key = [](const Event& e) { return std::pair(e.id.size(), e.id); };
        return rival.type != Type::withdrawn && key(rival) > key(event);
      })) {
    return false;
  }
  std::string id = event.id;
  for (int depth = 0; depth <= 16; ++depth) {
    if (names(id, [](const Event& other) { return other.type == Type::withdrawn; })) return false;
    const auto self = std::ranges::find(all, id, &Event::id);
    if (self == all.end() || self->corrects.empty()) return true;
    id = self->corrects;
  }
  return true;
}

TEST_F(FeedEvents, TheSameEventsGiveTheSameInWhateverOrderTheyCame) {
  for (unsigned seed = 1; seed <= 6; ++seed) {
    std::mt19937 random(seed);
    const std::vector<Event> all = hard_morning(random);
    std::vector<std::string> counts;
    for (const Event& event : all) {
      counts.push_back(fmt::format("event {} {}", event.id, should_count(all, event) ? 1 : 0));
    }
    std::ranges::sort(counts);
    std::optional<std::vector<std::string>> first;
    for (int round = 0; round < 3; ++round) {
      std::vector<Event> events = all;
      if (round > 0) std::ranges::shuffle(events, random);
      Hall hall;
      hall.clock().set(at(90'000));
      for (auto rest = events.begin(); rest != events.end();) {
        const auto size = std::min<std::ptrdiff_t>(events.end() - rest, 1 + static_cast<int>(random() % 30));
        const auto done = hall.index().ingest("feed", {rest, rest + size});
        ASSERT_TRUE(done) << done.error().message;
        rest += size;
      }
      const auto told = told_by(hall);
      ASSERT_EQ(told_by(hall, "event"), counts) << "seed " << seed << " round " << round;
      if (!first) first = told;
      ASSERT_EQ(told, *first) << "seed " << seed << " round " << round;
    }
    for (const char* kind : {"visit ", "link ", "case ", "item ", "duty "}) {
      ASSERT_THAT(*first, testing::Contains(testing::StartsWith(kind))) << "the morning is worth testing";
    }
  }
}

}  // namespace
}  // namespace mj::index::test
