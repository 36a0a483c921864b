#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capture/screen_intake.h"
#include "tests/capture/fake_clock.h"
#include "tests/capture/recording_outlet.h"
#include "tests/capture/test_video.h"
#include "tests/support/decoder.h"

namespace mj::capture {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using test::TestUnit;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kAgent = "0123456789abcdef";

/// An outlet whose disk can fail: see Outlet::lost_from.
class LosingOutlet final : public Outlet {
 public:
  [[nodiscard]] bool on_fragment(Fragment fragment) override {
    if (lost && fragment.shot->entry.number > *lost) return false;
    if (lost && fragment.shot->entry.number <= *lost) lost.reset();
    return kept.on_fragment(std::move(fragment));
  }
  void on_outage(Outage outage) override { kept.on_outage(std::move(outage)); }
  void on_clock_offset(ClockOffset offset) override { kept.on_clock_offset(std::move(offset)); }
  [[nodiscard]] std::optional<uint64_t> lost_from(const StreamKey&) override { return lost; }

  test::RecordingOutlet kept;
  std::optional<uint64_t> lost;
};

class ScreenEntriesTest : public testing::Test {
 protected:
  ScreenEntriesTest() {
    config::Workstation workstation;
    workstation.id = "ws-1";
    settings_.workstations.push_back(workstation);
    known_.at = clock_.now() - std::chrono::hours(24 * 10);
    restart();
  }

  void restart() {
    intake_ = std::make_unique<ScreenIntake>(settings_, clock_, outlet_);
    intake_->start();
  }

  /// The next entry of the chain, `after` the one before.
  Entry entry(EntryKind kind, Duration after = seconds(5)) {
    at_ += after;
    Entry out;
    out.ref.number = ++number_;
    out.previous = chain_;
    chain_.fill(static_cast<uint8_t>(number_));
    out.ref.chain = chain_;
    out.kind = kind;
    out.at = at_;
    out.nominal = out.configured = seconds(5);
    out.facts.title = "办件";
    out.facts.agent_time = at_;
    return out;
  }
  Entry shot(std::size_t unit, Duration after = seconds(5)) {
    Entry out = entry(EntryKind::shot, after);
    out.key = units_[unit].unit.key;
    if (out.key) out.avc_config = std::string(as_text(units_[unit].unit.config->record));
    out.access_unit = units_[unit].bytes;
    return out;
  }
  Entry same(Duration after = seconds(5)) { return entry(EntryKind::same, after); }
  Entry state(GapCause cause, Duration after = seconds(5)) {
    Entry out = entry(EntryKind::state, after);
    out.state = cause;
    out.detail = "said by the agent";
    return out;
  }
  /// Time stands at the newest entry when it is sent.
  Accepted send(std::vector<Entry> entries, std::optional<uint64_t> first_available = std::nullopt) {
    clock_.advance(std::max(at_ - clock_.now(), Duration(0)));
    return intake_->accept({"ws-1", kAgent, std::move(entries), first_available}, known_);
  }
  void expect_taken(const Accepted& accepted, uint64_t next) {
    EXPECT_FALSE(accepted.refusal) << accepted.refusal->message;
    EXPECT_EQ(accepted.position.next, next);
  }
  void expect_refused(const Accepted& accepted, ErrorKind kind, const std::string& words) {
    ASSERT_TRUE(accepted.refusal) << words;
    EXPECT_EQ(accepted.refusal->kind, kind);
    EXPECT_THAT(accepted.refusal->message, HasSubstr(words));
  }
  [[nodiscard]] std::vector<Fragment> fragments() const { return outlet_.kept.fragments("ws-1.screen"); }
  /// Painted number and time of every frame of one fragment alone.
  static std::vector<std::pair<Duration, int>> seen_in(const Fragment& fragment) {
    Bytes file = fragment.run->init;
    file.insert(file.end(), fragment.bytes->begin(), fragment.bytes->end());
    std::vector<std::pair<Duration, int>> seen;
    EXPECT_TRUE(test::decode_video(file, [&](Duration at, const auto& luma) {
      const auto code = test::read_code(luma);
      seen.emplace_back(at, code ? code->frame : -1);
    }));
    return seen;
  }

  config::Settings settings_;
  test::FakeClock clock_;
  LosingOutlet outlet_;
  KnownEntries known_;
  std::unique_ptr<ScreenIntake> intake_;
  std::vector<TestUnit> units_ = test::encode_video({.frames = 20, .gop = 1000});
  uint64_t number_ = 0;
  Digest chain_{};
  WallTime at_ = clock_.now();
};

TEST_F(ScreenEntriesTest, EachEntryIsTakenOnceWhateverIsSentAgain) {
  const std::vector<Entry> all{shot(0), shot(1), same(), shot(2)};
  expect_taken(send(all), 5);
  expect_taken(send(all), 5);
  expect_taken(send({all[2]}), 5);
  expect_taken(send({all[1], all[2], all[3], shot(3)}), 6);
  ASSERT_EQ(fragments().size(), 5U);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(fragments()[i].shot->entry.number, i + 1);
    EXPECT_EQ(fragments()[i].shot->entry.agent, kAgent);
    EXPECT_FALSE(fragments()[i].shot->entry.breaks);
  }
}

TEST_F(ScreenEntriesTest, ASameIsAFragmentWithoutSamplesAndTheFileStillDecodes) {
  expect_taken(send({shot(0), same(), shot(1)}), 4);
  const auto all = fragments();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[1].video_bytes, 0U);
  EXPECT_EQ(all[1].key_bytes, 0U);
  EXPECT_EQ(all[1].frames, 0U);
  EXPECT_EQ(all[1].start - all[0].start, seconds(5));
  EXPECT_EQ(all[1].end - all[1].start, seconds(5));
  EXPECT_EQ(all[1].shot->kind, EntryKind::same);
  Bytes file = all[0].run->init;
  for (const Fragment& one : all) file.insert(file.end(), one.bytes->begin(), one.bytes->end());
  std::vector<Duration> times;
  ASSERT_TRUE(test::decode_video(file, [&](Duration at, const auto&) { times.push_back(at); }));
  EXPECT_THAT(times, ElementsAre(Duration(0), Duration(seconds(10))));
}

TEST_F(ScreenEntriesTest, AfterARestartReferencesAndTheNewShotAreOneFragment) {
  const std::vector<Entry> before{shot(0), shot(1), same(), shot(2)};
  expect_taken(send(before), 5);
  known_ = {4, before[3].ref.chain, before[3].at, {}};
  restart();
  const Entry next = shot(3);
  EXPECT_TRUE(intake_->position("ws-1", kAgent, known_)->key_wanted);
  const Accepted alone = send({next});
  expect_refused(alone, ErrorKind::invalid, "key shot");
  EXPECT_TRUE(alone.conflict);
  expect_refused(send({before[1], before[2], before[3], next}), ErrorKind::invalid, "key shot");
  expect_refused(send({before[0], before[3], next}), ErrorKind::invalid, "key shot");
  expect_taken(send({before[0], before[1], before[2], before[3], next}), 6);
  const Fragment made = fragments().back();
  EXPECT_EQ(made.frames, 4U);
  EXPECT_TRUE(made.key);
  EXPECT_EQ(made.shot->entry.number, 5U);
  EXPECT_LE(next.at - made.start, Duration(40));
  EXPECT_GT(next.at, made.start);
  const auto seen = seen_in(made);
  ASSERT_EQ(seen.size(), 4U);
  EXPECT_EQ(seen.back().second, 3) << "the new shot comes last";
  EXPECT_LT(seen.back().first, milliseconds(1));
  expect_taken(send({shot(4)}), 7);
  EXPECT_EQ(fragments().back().run, made.run);
}

TEST_F(ScreenEntriesTest, ASameAfterARestartShowsTheLastReference) {
  const std::vector<Entry> before{shot(0), shot(1)};
  expect_taken(send(before), 3);
  known_ = {2, before[1].ref.chain, before[1].at, {}};
  restart();
  expect_taken(send({before[0], before[1], same()}), 4);
  const Fragment made = fragments().back();
  EXPECT_EQ(made.shot->kind, EntryKind::same);
  EXPECT_EQ(made.frames, 2U);
  EXPECT_EQ(seen_in(made).back().second, 1);
}

TEST_F(ScreenEntriesTest, AStateIsAnOutageOfTheAgentsWordAndTheNextShotBeginsAnew) {
  expect_taken(send({shot(0), state(GapCause::screen_locked)}), 3);
  const Outage outage = outlet_.kept.outages().back();
  EXPECT_EQ(outage.cause, GapCause::screen_locked);
  EXPECT_EQ(outage.begin, at_);
  ASSERT_TRUE(outage.attested);
  EXPECT_EQ(outage.attested->number, 2U);
  EXPECT_EQ(intake_->status()[0].cause, GapCause::screen_locked);
  EXPECT_TRUE(intake_->position("ws-1", kAgent, known_)->key_wanted);
  expect_taken(send({shot(0, minutes(30))}), 4);
  EXPECT_NE(fragments()[0].run, fragments()[1].run);
}

TEST_F(ScreenEntriesTest, AStateHoldsThroughTheSilenceThatFollowed) {
  expect_taken(send({shot(0), state(GapCause::screen_locked)}), 3);
  const WallTime locked = at_;
  clock_.advance(minutes(10));
  intake_->tick();
  EXPECT_EQ(outlet_.kept.outages().back().cause, GapCause::agent_away);
  ASSERT_TRUE(intake_->position("ws-1", kAgent, known_));
  const Outage again = outlet_.kept.outages().back();
  EXPECT_EQ(again.cause, GapCause::screen_locked);
  EXPECT_EQ(again.begin, locked);
  EXPECT_EQ(again.attested->number, 0U) << "nothing new was said";
  const std::size_t told = outlet_.kept.outages().size();
  ASSERT_TRUE(intake_->position("ws-1", kAgent, known_));
  EXPECT_EQ(outlet_.kept.outages().size(), told);
}

TEST_F(ScreenEntriesTest, AHoleIsRefusedUntilTheAgentSaysItIsGoneForEver) {
  expect_taken(send({shot(0)}), 2);
  static_cast<void>(shot(1));
  static_cast<void>(shot(2));
  const Entry fourth = shot(0);
  const Accepted hole = send({fourth});
  expect_refused(hole, ErrorKind::invalid, "entry 2 is missing");
  EXPECT_TRUE(hole.conflict);
  EXPECT_EQ(hole.position.next, 2U);
  expect_refused(send({fourth}, 2), ErrorKind::invalid, "entry 2 is missing");
  expect_taken(send({fourth}, 4), 5);
  const Outage outage = outlet_.kept.outages().back();
  EXPECT_EQ(outage.cause, GapCause::entries_missing);
  EXPECT_THAT(outage.detail, HasSubstr("entries 2 to 3"));
  EXPECT_EQ(outage.attested->number, 3U);
  EXPECT_TRUE(outage.attested->gone);
  EXPECT_FALSE(fragments().back().shot->entry.breaks) << "the hash of a lost entry is not known";
  EXPECT_EQ(intake_->status()[0].agent->missing, 2U);
}

TEST_F(ScreenEntriesTest, ABrokenChainIsTakenAndTold) {
  expect_taken(send({shot(0)}), 2);
  Entry changed = shot(1);
  changed.previous.fill(0xEE);
  expect_taken(send({changed, shot(2)}), 4);
  EXPECT_TRUE(fragments()[1].shot->entry.breaks);
  EXPECT_FALSE(fragments()[2].shot->entry.breaks);
  EXPECT_EQ(intake_->status()[0].agent->breaks, 1U);
}

TEST_F(ScreenEntriesTest, WhatTheDiskLostIsAskedForAgain) {
  const std::vector<Entry> all{shot(0), shot(1), shot(2)};
  expect_taken(send(all), 4);
  known_ = {1, all[0].ref.chain, all[0].at, {}};
  outlet_.lost = 2;
  const auto position = intake_->position("ws-1", kAgent, known_);
  EXPECT_EQ(position->next, 2U);
  EXPECT_TRUE(position->key_wanted);
  expect_taken(send(all), 4);
  ASSERT_EQ(fragments().size(), 5U);
  EXPECT_EQ(fragments()[3].shot->entry.number, 2U);
  EXPECT_EQ(fragments()[3].frames, 2U);
  EXPECT_EQ(fragments()[3].end - fragments()[3].start, seconds(5) + Duration(11));
}

TEST_F(ScreenEntriesTest, ARecorderThatCannotKeepUpGetsTheSameEntryLater) {
  expect_taken(send({shot(0)}), 2);
  outlet_.kept.refuse(true);
  const Entry next = shot(1);
  const Accepted busy = send({next});
  expect_refused(busy, ErrorKind::unavailable, "cannot keep up");
  EXPECT_GT(busy.wait, Duration(0));
  EXPECT_EQ(busy.position.next, 2U);
  outlet_.kept.refuse(false);
  expect_refused(send({next}), ErrorKind::invalid, "key shot");
}

TEST_F(ScreenEntriesTest, TimeIsNeverAheadOfOursAndOnlyGoesForward) {
  Entry ahead = shot(0);
  ahead.at += std::chrono::hours(3);
  expect_taken(send({ahead}), 2);
  EXPECT_EQ(fragments()[0].start, clock_.now());
  Entry back = shot(0);
  back.at -= std::chrono::hours(3);
  expect_taken(send({back}), 3);
  EXPECT_EQ(fragments()[1].start - fragments()[0].start, milliseconds(1));
  Entry older = shot(0);
  older.at = from_us(0);
  KnownEntries enrolled;
  enrolled.at = clock_.now() - seconds(1);
  intake_ = std::make_unique<ScreenIntake>(settings_, clock_, outlet_);
  older.ref.number = 1;
  static_cast<void>(intake_->accept({"ws-1", "other", {older}, std::nullopt}, enrolled));
  EXPECT_GE(fragments().back().start, enrolled.at) << "nothing is older than the enrolment";
}

TEST_F(ScreenEntriesTest, TenTimesTheRateIsRefusedAndASpoolIsNot) {
  std::vector<Entry> fast{shot(0)};
  for (int i = 0; i < 99; ++i) fast.push_back(same(milliseconds(20)));
  const Accepted accepted = send(fast);
  expect_refused(accepted, ErrorKind::no_space, "quota");
  EXPECT_GT(accepted.wait, Duration(0));
  EXPECT_EQ(accepted.position.next, 51U);
  clock_.advance(seconds(2));
  const Accepted later = send(fast);
  EXPECT_NEAR(static_cast<double>(later.position.next), 51 + 10, 5);
  // Another agent comes back after two hours.
  number_ = 0;
  chain_ = {};
  settings_.workstations[0].id = "ws-1";
  restart();
  std::vector<Entry> spool{shot(0)};
  for (int i = 0; i < 600; ++i) spool.push_back(same());
  clock_.advance(std::chrono::hours(1) + minutes(1));
  expect_taken(send(spool), 602);
}

TEST_F(ScreenEntriesTest, ManyWhoCatchUpShareWhatTheStoresCanTakeAndNobodyIsLeftOut) {
  constexpr std::size_t kMany = 40;
  settings_.workstations.assign(kMany, settings_.workstations[0]);
  for (std::size_t i = 0; i < kMany; ++i) settings_.workstations[i].id = fmt::format("ws-{}", i);
  restart();
  std::vector<Entry> spool{shot(0)};
  for (int i = 0; i < 199; ++i) spool.push_back(same());
  clock_.advance(std::chrono::hours(1));
  uint64_t taken = 0;
  for (std::size_t i = 0; i < kMany; ++i) {
    const Accepted accepted = intake_->accept({fmt::format("ws-{}", i), kAgent, spool, std::nullopt}, known_);
    taken += accepted.position.next - 1;
    EXPECT_GE(accepted.position.next, 9U) << "a share of its own";
    if (!accepted.refusal) continue;
    EXPECT_EQ(accepted.refusal->kind, ErrorKind::unavailable);
    EXPECT_LE(accepted.wait, seconds(1));
  }
  EXPECT_EQ(taken, 2000U + kMany * 8);
}

TEST_F(ScreenEntriesTest, DamagedEntriesChangeNothing) {
  const auto damaged = [&](const std::function<void(Entry&)>& damage) {
    number_ = 0;
    chain_ = {};
    Entry out = shot(0);
    damage(out);
    return send({out});
  };
  using E = Entry&;
  expect_refused(damaged([](E e) { e.access_unit.pop_back(); }), ErrorKind::invalid, "lengths");
  expect_refused(damaged([](E e) { e.access_unit.clear(); }), ErrorKind::invalid, "no picture");
  expect_refused(damaged([](E e) { e.key = false; }), ErrorKind::invalid, "key flag");
  expect_refused(damaged([](E e) { e.avc_config.clear(); }), ErrorKind::invalid, "configuration");
  expect_refused(damaged([](E e) { e.avc_config = "nonsense"; }), ErrorKind::invalid, "configuration");
  expect_refused(damaged([](E e) { e.nominal = std::chrono::hours(1); }), ErrorKind::invalid, "cadence");
  expect_refused(damaged([](E e) { e.kind = EntryKind::same; }), ErrorKind::invalid, "no picture");
  expect_refused(damaged([](E e) { e.kind = EntryKind::state; }), ErrorKind::invalid, "no picture");
  EXPECT_TRUE(fragments().empty());
  EXPECT_EQ(intake_->status()[0].agent->refused[static_cast<std::size_t>(Refusal::malformed)], 8U);
}

TEST_F(ScreenEntriesTest, SilenceThenAShotThatIsNoKeyNeedsItsReferences) {
  const std::vector<Entry> before{shot(0), shot(1)};
  expect_taken(send(before), 3);
  clock_.advance(seconds(16));
  intake_->tick();
  EXPECT_EQ(outlet_.kept.outages().back().cause, GapCause::agent_away);
  const Entry late = shot(2);
  expect_refused(send({late}), ErrorKind::invalid, "key shot");
  expect_taken(send({before[0], before[1], late}), 4);
}

TEST_F(ScreenEntriesTest, TheOffsetOfTheWorkstationsClockIsKept) {
  Entry one = shot(0);
  one.offset = seconds(40);
  one.error = milliseconds(20);
  expect_taken(send({one}), 2);
  ASSERT_EQ(outlet_.kept.clock_offsets().size(), 1U);
  EXPECT_EQ(outlet_.kept.clock_offsets()[0].offset, -seconds(40)) << "the workstation's clock is behind";
}

TEST_F(ScreenEntriesTest, UploadsAreChargedAndALargeOnePassesOnce) {
  EXPECT_EQ(intake_->charge_upload("ws-1", 32 << 20), Duration(0));
  const Duration wait = intake_->charge_upload("ws-1", 0);
  EXPECT_GT(wait, seconds(90));
  EXPECT_EQ(intake_->charge_upload("ws-9", 1), Duration(0)) << "who is not known has no quota to spend";
  clock_.advance(wait);
  EXPECT_EQ(intake_->charge_upload("ws-1", 0), Duration(0));
}

}  // namespace
}  // namespace mj::capture
