#include "index/register.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "server/gate.h"
#include "tests/server/hall.h"
#include "tests/server/hand_clock.h"
#include "tests/storage/footage.h"

namespace mj::server {
namespace {

using testing::HasSubstr;
using testing::SizeIs;
namespace json = boost::json;

constexpr const char* kCam = "cam-w1.main";

Principal person(const std::string& login) {
  Principal who;
  who.kind = Principal::Kind::person;
  who.account.login = login;
  who.account.display_name = "名 " + login;
  return who;
}

/// A gate before real footage, with a clock of the test's.
class GateRegister : public testing::Test {
 protected:
  void SetUp() override { hall_.record(begin_, 5, false); }
  std::vector<index::RegisterEntry> entries() { return index::Register(*hall_.index).list({})->entries; }
  auto fragments(const Principal& who) {
    return gate_.fragments(who, kCam, begin_, begin_ + std::chrono::seconds(5));
  }
  /// What a player takes of a stretch.
  void play(const Principal& who) {
    const auto segments = fragments(who);
    ASSERT_TRUE(segments);
    ASSERT_FALSE(segments->empty());
    const auto& first = segments->front();
    ASSERT_TRUE(gate_.run_init(who, kCam, first.run_start));
    for (const char* range : {"bytes=0-99", "bytes=100-199", "bytes=200-299"})
      ASSERT_TRUE(gate_.segment(who, kCam, first.segment.start, range));
    ASSERT_TRUE(
        gate_.shots(who, kCam, begin_ + std::chrono::seconds(1), begin_ + std::chrono::seconds(2), 10));
  }
  void spoil_log() {
    std::filesystem::create_symlink("/dev/full", hall_.settings.data_directory / "register.log");
  }

  test::Hall hall_;
  test::HandClock clock_;
  Gate gate_{*hall_.index, *hall_.reader, clock_};
  const WallTime begin_ = SystemClock().now() - std::chrono::seconds(20);
  const Principal zhao_ = person("zhao"), qian_ = person("qian");
};

TEST_F(GateRegister, OneEntryForAStretchHoweverManyPiecesAreTaken) {
  play(zhao_);
  play(zhao_);
  ASSERT_THAT(entries(), SizeIs(1));
  const auto entry = entries().front();
  EXPECT_EQ(entry.login, "zhao");
  EXPECT_EQ(entry.name, "名 zhao");
  EXPECT_EQ(entry.action, "view");
  EXPECT_EQ(entry.stream, kCam);
  EXPECT_EQ(to_us(*entry.from) % 60'000'000, 0);
  EXPECT_EQ(to_us(*entry.to) % 60'000'000, 0);
  EXPECT_LE(*entry.from, begin_);
  EXPECT_GE(*entry.to, begin_ + std::chrono::seconds(5));
  EXPECT_LE(*entry.to - *entry.from, std::chrono::minutes(2)) << "whole minutes, not more";
}

TEST_F(GateRegister, ASecondPersonHasEntriesOfTheirOwn) {
  play(zhao_);
  play(qian_);
  ASSERT_THAT(entries(), SizeIs(2));
  EXPECT_EQ(entries().front().login, "qian");
}

TEST_F(GateRegister, AfterTenMinutesTheStretchIsOpenedAgain) {
  play(zhao_);
  clock_.advance(std::chrono::minutes(10) - Duration(1));
  play(zhao_);
  ASSERT_THAT(entries(), SizeIs(1));
  clock_.advance(Duration(1));
  play(zhao_);
  ASSERT_THAT(entries(), SizeIs(2));
  EXPECT_EQ(entries()[0].from, entries()[1].from);
  EXPECT_EQ(entries()[0].to, entries()[1].to);
}

TEST_F(GateRegister, WhatLiesOutsideAStretchIsAnEntryOfItsOwn) {
  play(zhao_);
  ASSERT_TRUE(gate_.shots(zhao_, kCam, begin_ - std::chrono::hours(1), begin_, 10));
  EXPECT_THAT(entries(), SizeIs(2));
}

TEST_F(GateRegister, ASegmentThatNobodyAskedTheIndexForIsRegisteredWhole) {
  const auto segments = hall_.index->fragments(kCam, begin_, begin_ + std::chrono::seconds(5)).value();
  ASSERT_TRUE(gate_.segment(zhao_, kCam, segments.front().segment.start, ""));
  ASSERT_THAT(entries(), SizeIs(1));
  EXPECT_LE(*entries()[0].from, begin_);
  EXPECT_GE(*entries()[0].to, segments.front().end);
  EXPECT_FALSE(gate_.segment(zhao_, kCam, begin_ - std::chrono::hours(1), ""));
  EXPECT_THAT(entries(), SizeIs(1)) << "what is not there was not seen";
}

class GateGrowing : public GateRegister {
 protected:
  void SetUp() override {}
  /// Seconds [first, last) of one segment, until they are durable.
  void grow(const std::shared_ptr<const capture::Run>& run, int first, int last) {
    for (int i = first; i < last; ++i)
      ASSERT_TRUE(
          hall_.recorder->on_fragment(storage::make_fragment(run, run->start + std::chrono::seconds(i))));
    const WallTime end = run->start + std::chrono::seconds(last);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < deadline) {
      const auto segments = hall_.index->fragments(kCam, run->start, end);
      if (segments && !segments->empty() && segments->back().end >= end) return;
      std::this_thread::yield();
    }
    FAIL() << "the footage did not become durable";
  }
};

TEST_F(GateGrowing, WhatASegmentGrewByIsRegisteredToo) {
  const WallTime minute = std::chrono::floor<std::chrono::minutes>(clock_.now()) - std::chrono::minutes(1);
  const auto run = storage::make_run(kCam, minute - std::chrono::seconds(3));
  grow(run, 0, 2);
  ASSERT_TRUE(gate_.segment(zhao_, kCam, run->start, ""));
  EXPECT_EQ(entries().at(0).to, minute);
  grow(run, 2, 6);
  ASSERT_TRUE(gate_.segment(zhao_, kCam, run->start, ""));
  ASSERT_TRUE(gate_.segment(zhao_, kCam, run->start, "bytes=0-9"));
  ASSERT_THAT(entries(), SizeIs(2));
  EXPECT_EQ(entries().at(0).to, minute + std::chrono::minutes(1));
}

TEST_F(GateRegister, AnInitSegmentAloneIsRegistered) {
  const auto segments = hall_.index->fragments(kCam, begin_, begin_ + std::chrono::seconds(5)).value();
  ASSERT_TRUE(gate_.run_init(zhao_, kCam, segments.front().run_start));
  EXPECT_THAT(entries(), SizeIs(1));
}

TEST_F(GateRegister, ASearchIsOneEntryForItsQuery) {
  const auto search = [&](const Principal& who, const std::string& query) {
    EXPECT_TRUE(gate_.search(who, query, "Asia/Shanghai", 10));
  };
  search(zhao_, "王芳");
  search(zhao_, "王芳");
  search(qian_, "王芳");
  search(zhao_, "李四");
  ASSERT_THAT(entries(), SizeIs(3));
  EXPECT_EQ(entries()[0].action, "search");
  EXPECT_EQ(entries()[0].about, "李四");
  clock_.advance(std::chrono::minutes(10));
  search(zhao_, "王芳");
  EXPECT_THAT(entries(), SizeIs(4));
}

TEST_F(GateRegister, SeveralAtOnceMakeOneEntry) {
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 6; ++i) threads.emplace_back([this] { EXPECT_TRUE(fragments(zhao_)); });
  }
  EXPECT_THAT(entries(), SizeIs(1));
}

TEST_F(GateRegister, NothingIsShownWhenItCannotBeRegistered) {
  const auto segments = hall_.index->fragments(kCam, begin_, begin_ + std::chrono::seconds(5)).value();
  const auto start = segments.front().segment.start;
  spoil_log();
  for (int attempt = 0; attempt < 2; ++attempt) {
    EXPECT_EQ(fragments(zhao_).error().kind, ErrorKind::no_space);
    EXPECT_FALSE(gate_.segment(zhao_, kCam, start, ""));
    EXPECT_FALSE(gate_.run_init(zhao_, kCam, segments.front().run_start));
    EXPECT_FALSE(gate_.shots(zhao_, kCam, begin_, begin_ + std::chrono::seconds(1), 10));
    EXPECT_FALSE(gate_.search(zhao_, "王芳", "Asia/Shanghai", 10));
    EXPECT_FALSE(gate_.read_register(zhao_, {}));
  }
  std::filesystem::remove(hall_.settings.data_directory / "register.log");
  play(zhao_);
}

TEST_F(GateRegister, ARefusedCallerIsNotInTheRegister) {
  EXPECT_EQ(fragments(Principal{}).error().kind, ErrorKind::denied);
  EXPECT_THAT(entries(), SizeIs(0));
}

class RegisterRoute : public testing::Test {
 protected:
  void SetUp() override {
    hall_.sign_in();
    hall_.call_case();
  }
  json::object parsed(const test::Answer& answer) {
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.status == 200 ? json::parse(answer.body).as_object() : json::object();
  }
  json::array entries(const std::string& query = "") {
    return parsed(hall_.get("/api/v1/register" + query)).at("entries").as_array();
  }
  void spoil_log() {
    std::filesystem::create_symlink("/dev/full", hall_.settings.data_directory / "register.log");
  }

  test::Hall hall_;
};

TEST_F(RegisterRoute, TellsWhoSawWhatAndWhoReadIt) {
  ASSERT_EQ(hall_.get("/api/v1/streams/cam-w1.main/index?from=60000001&to=120000000").status, 200);
  ASSERT_EQ(hall_.get("/api/v1/search?q=SC-1").status, 200);
  const auto all = entries();
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_EQ(all[0].at("action").as_string(), "register") << "this very question";
  EXPECT_EQ(all[1].at("about").as_string(), "SC-1");
  EXPECT_TRUE(all[1].at("stream").is_null());
  const auto& view = all[2];
  EXPECT_EQ(view.at("number").as_int64(), 1);
  EXPECT_EQ(view.at("login").as_string(), "zhao");
  EXPECT_EQ(view.at("name").as_string(), "赵审核");
  EXPECT_EQ(view.at("stream").as_string(), kCam);
  EXPECT_EQ(view.at("from_us").as_int64(), 60'000'000);
  EXPECT_EQ(view.at("to_us").as_int64(), 120'000'000);
  EXPECT_TRUE(view.at("about").is_null());
  EXPECT_TRUE(view.at("reason").is_null());
  const auto views = entries("?action=view&stream=cam-w1.main&login=zhao");
  EXPECT_THAT(views, SizeIs(1));
  const auto narrowed = entries("?action=register").at(0);
  EXPECT_EQ(narrowed.at("about").as_string(), "register") << "what was asked for";
}

TEST_F(RegisterRoute, OpeningACaseAndLookingForANumberAreInIt) {
  EXPECT_EQ(hall_.get("/api/v1/cases/sc-1").status, 200);
  EXPECT_EQ(hall_.get("/api/v1/cases?q=C-1").status, 200);
  EXPECT_EQ(hall_.get("/api/v1/cases/SC-1").status, 200);  // within ten minutes it is the same view
  EXPECT_EQ(hall_.get("/api/v1/cases/NONE").status, 404);
  EXPECT_EQ(hall_.get("/api/v1/cases").status, 200);
  const auto all = entries();
  ASSERT_THAT(all, SizeIs(3)) << "what is not there was not seen, and the list of the newest is no search";
  EXPECT_EQ(all[1].at("action").as_string(), "search");
  EXPECT_EQ(all[1].at("about").as_string(), "C-1");
  EXPECT_EQ(all[2].at("action").as_string(), "view");
  EXPECT_EQ(all[2].at("about").as_string(), "SC-1");
}

TEST_F(RegisterRoute, IsPaged) {
  for (const char* query : {"a", "b", "c"})
    static_cast<void>(hall_.get(std::string("/api/v1/search?q=") + query));
  const auto first = parsed(hall_.get("/api/v1/register?limit=2"));
  ASSERT_THAT(first.at("entries").as_array(), SizeIs(2));
  const auto next = std::string(first.at("next").as_string());
  const auto second = parsed(hall_.get("/api/v1/register?limit=2&after=" + next));
  ASSERT_THAT(second.at("entries").as_array(), SizeIs(2));
  EXPECT_EQ(second.at("entries").at(0).at("about").as_string(), "b");
  EXPECT_TRUE(second.at("next").is_null());
  for (const char* wrong : {"limit=0", "limit=1001", "after=x", "action=look", "stream=%2F", "login=", "x=1"})
    EXPECT_EQ(hall_.get(std::string("/api/v1/register?") + wrong).status, 400) << wrong;
}

TEST_F(RegisterRoute, DecisionsAndHoldsAreInItWithTheirReason) {
  ASSERT_EQ(hall_.post("/api/v1/holds", R"({"case":"SC-1","reason":"投诉"})").status, 200);
  ASSERT_EQ(hall_.post("/api/v1/holds/1/lift", R"({"reason":"结案"})").status, 200);
  const auto visit = parsed(hall_.get("/api/v1/visits")).at("visits").at(0).at("id").as_int64();
  ASSERT_EQ(hall_
                .post("/api/v1/visits/" + std::to_string(visit) + "/links",
                      R"({"case":"SC-1","action":"confirm","reason":"看过录像"})")
                .status,
            200);
  EXPECT_EQ(hall_.post("/api/v1/alerts/7", R"({"action":"dismiss","reason":"正常"})").status, 404);
  const auto all = entries();
  ASSERT_THAT(all, SizeIs(5));
  const std::array<std::array<const char*, 3>, 4> expected{{{"alert", "7", "正常"},
                                                            {"decide", "SC-1", "看过录像"},
                                                            {"lift", "1", "结案"},
                                                            {"hold", "SC-1", "投诉"}}};
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(all[i + 1].at("action").as_string(), expected[i][0]);
    EXPECT_EQ(all[i + 1].at("about").as_string(), expected[i][1]);
    EXPECT_EQ(all[i + 1].at("reason").as_string(), expected[i][2]);
  }
}

TEST_F(RegisterRoute, WithoutARegisterNothingIsShownOrDecidedButAHoldIsPlaced) {
  spoil_log();
  const auto refused = hall_.get("/api/v1/streams/cam-w1.main/index?from=60000001&to=120000000");
  EXPECT_EQ(refused.status, 507) << refused.body;
  EXPECT_THAT(refused.body, HasSubstr("register.log"));
  EXPECT_EQ(hall_.get("/api/v1/register").status, 507);
  EXPECT_EQ(hall_.get("/api/v1/cases/SC-1").status, 507);
  EXPECT_EQ(hall_.get("/api/v1/cases?q=SC").status, 507);
  ASSERT_EQ(hall_.post("/api/v1/holds", R"({"case":"SC-1","reason":"投诉"})").status, 200);
  EXPECT_EQ(hall_.post("/api/v1/holds/1/lift", R"({"reason":"结案"})").status, 507);
  EXPECT_TRUE(parsed(hall_.get("/api/v1/holds")).at("holds").at(0).at("lifted_us").is_null());
  const auto visit = parsed(hall_.get("/api/v1/visits")).at("visits").at(0).at("id").as_int64();
  EXPECT_EQ(hall_
                .post("/api/v1/visits/" + std::to_string(visit) + "/links",
                      R"({"case":"SC-1","action":"reject","reason":"不是"})")
                .status,
            507);
}

}  // namespace
}  // namespace mj::server
