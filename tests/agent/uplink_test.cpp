#include "capture/agent/uplink.h"

#include <gmock/gmock.h>

#include "tests/agent/fake_intake.h"
#include "tests/agent/faulty_files.h"

namespace mj::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::answer;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<uint64_t> numbers(const std::vector<test::ReceivedEntry>& entries) {
  std::vector<uint64_t> all;
  for (const auto& entry : entries) all.push_back(entry.number);
  return all;
}

class UplinkTest : public testing::Test {
 protected:
  UplinkTest() { intake_.know(key_.public_key()); }
  void TearDown() override { EXPECT_EQ(intake_.complaints(), ""); }

  void record(bool key, std::size_t bytes = 3) {
    Entry entry;
    entry.at = timekeeper_.now().at;
    entry.nominal = entry.configured = seconds(5);
    entry.key = key;
    entry.avc_config = "avcC";
    entry.access_unit = Bytes(bytes, 1);
    ASSERT_TRUE(spool_->append(std::move(entry)).has_value());
    if (uplink_) uplink_->wake();
  }
  void record_state() {
    Entry entry;
    entry.kind = EntryKind::state;
    entry.at = timekeeper_.now().at;
    ASSERT_TRUE(spool_->append(std::move(entry)).has_value());
    if (uplink_) uplink_->wake();
  }
  void start(int64_t bytes_per_second = 0) {
    uplink_ = std::move(*Uplink::start({.server = intake_.url(),
                                        .ca_file = intake_.ca_file(),
                                        .workstation = "ws-w1",
                                        .key = key_,
                                        .bytes_per_second = bytes_per_second},
                                       clock_, *spool_, timekeeper_));
  }
  void reopen() {
    uplink_.reset();
    spool_ = Spool::open(files_, key_.seed(), {}).value();
  }

  test::FakeIntake intake_;
  const SystemClock clock_;
  const SigningKey key_ = SigningKey::generate().value();
  Timekeeper timekeeper_{clock_, {}};
  test::FaultyFiles files_;
  std::unique_ptr<Spool> spool_ = Spool::open(files_, key_.seed(), {}).value();
  std::unique_ptr<Uplink> uplink_;
};

TEST_F(UplinkTest, DeliversEverythingInOrderAndThenAtOnceWhatIsNew) {
  for (int i = 0; i < 20; ++i) record(i == 0);
  start();
  EXPECT_EQ(intake_.wait_for_entries(20).back().number, 20U);
  const auto begin = std::chrono::steady_clock::now();
  record(false);
  EXPECT_EQ(intake_.wait_for_entries(21).back().number, 21U);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(2));
  EXPECT_TRUE(uplink_->drain(seconds(5)));
  EXPECT_TRUE(uplink_->state().reached.has_value());
  EXPECT_EQ(uplink_->state().trouble, "");
}

TEST_F(UplinkTest, SendsAgainWhatWasTakenWhenTheAnswerIsLost) {
  start();
  intake_.lose_answers(1);
  record(true);
  intake_.wait_for_entries(1);
  record(false);
  EXPECT_THAT(numbers(intake_.wait_for_entries(2)), ElementsAre(1, 2));
}

TEST_F(UplinkTest, GivesBackOnlyWhatTheServerHasForGood) {
  intake_.hold_durable(2);
  for (int i = 0; i < 5; ++i) record(i % 2 == 0);
  start();
  intake_.wait_for_entries(5);
  ASSERT_TRUE(uplink_->drain(seconds(5)));
  reopen();
  intake_.restart(2);
  start();
  EXPECT_THAT(numbers(intake_.wait_for_entries(5)), ElementsAre(1, 2, 3, 4, 5));
}

TEST_F(UplinkTest, SendsTheReferencesWhenTheServerBeginsAnew) {
  for (int i = 0; i < 6; ++i) record(i == 0 || i == 2);
  start();
  intake_.wait_for_entries(6);
  ASSERT_TRUE(uplink_->drain(seconds(5)));
  intake_.restart(4);
  record(false);
  EXPECT_THAT(numbers(intake_.wait_for_number(7)), ElementsAre(1, 2, 3, 4, 5, 6, 7));
  EXPECT_THAT(intake_.references(), ElementsAre(3, 4));
}

TEST_F(UplinkTest, TellsWhichNumbersWillNeverCome) {
  for (int i = 0; i < 8; ++i) record(i % 4 == 0);
  Bytes& bytes = files_.files.begin()->second.bytes;
  bytes[kSpoolHeadBytes + (bytes.size() - kSpoolHeadBytes) / 8 * 2 + 100] ^= 1;  // number 3
  start();
  EXPECT_THAT(numbers(intake_.wait_for_number(8)), ElementsAre(1, 2, 5, 6, 7, 8));
  EXPECT_THAT(intake_.missing(), ElementsAre(3, 4));
}

TEST_F(UplinkTest, SaysStatesEvenWhereAKeyIsWanted) {
  record(true);
  start();
  intake_.wait_for_entries(1);
  ASSERT_TRUE(uplink_->drain(seconds(5)));
  intake_.restart(1);
  record_state();
  EXPECT_EQ(intake_.wait_for_number(2).back().kind(), "state");
}

TEST_F(UplinkTest, LeavesAFailingServerAloneForAWhileAndLosesNothing) {
  start();
  intake_.refuse_next({answer(503, R"({"error":{"kind":"unavailable","message":"starting"}})")});
  record(true);
  intake_.wait_for_refusals(1);
  const auto begin = std::chrono::steady_clock::now();
  record(false);
  EXPECT_THAT(numbers(intake_.wait_for_entries(2)), ElementsAre(1, 2));
  EXPECT_GT(std::chrono::steady_clock::now() - begin, milliseconds(600));
}

TEST_F(UplinkTest, WaitsAsLongAsTheServerSays) {
  start();
  intake_.refuse_next({answer(429, "{}", "Retry-After: 2\r\n")});
  record(true);
  intake_.wait_for_refusals(1);
  const auto begin = std::chrono::steady_clock::now();
  intake_.wait_for_entries(1);
  EXPECT_GT(std::chrono::steady_clock::now() - begin, milliseconds(1900));
}

TEST_F(UplinkTest, OpensANewSessionWhenTheOldOneIsOver) {
  start();
  record(true);
  intake_.wait_for_entries(1);
  ASSERT_TRUE(uplink_->drain(seconds(5)));
  intake_.end_sessions();
  record(false);
  EXPECT_EQ(intake_.wait_for_entries(2).back().number, 2U);
  ASSERT_TRUE(uplink_->drain(seconds(5)));
  intake_.end_sessions();
  record(false);
  while (uplink_->state().trouble.empty()) std::this_thread::sleep_for(milliseconds(10));
  EXPECT_THAT(uplink_->state().trouble, HasSubstr("401")) << "twice in a minute is no expiry";
  EXPECT_EQ(spool_->read(3, 1000)->last, 3U);
}

TEST_F(UplinkTest, SaysThatItWasRevokedAndKeepsEverything) {
  intake_.revoke();
  start();
  record(true);
  while (!uplink_->state().revoked) std::this_thread::sleep_for(milliseconds(10));
  EXPECT_THAT(uplink_->state().trouble, HasSubstr("revoked"));
  EXPECT_EQ(spool_->read(1, 1000)->last, 1U);
}

TEST_F(UplinkTest, IsNotHeldUpForEverByAnEntryThatTheServerRefuses) {
  for (int i = 0; i < 6; ++i) record(i % 3 == 0);
  intake_.dislike(2);
  start();
  EXPECT_THAT(numbers(intake_.wait_for_number(6)), ElementsAre(1, 4, 5, 6));
  EXPECT_THAT(intake_.missing(), ElementsAre(2, 3));
  EXPECT_EQ(uplink_->state().refused, 1U);
}

TEST_F(UplinkTest, SurvivesAnswersThatAreNone) {
  start();
  intake_.refuse_next({answer(200, "nonsense"), answer(200, R"({"next":0,"durable":7,"key_wanted":1})")});
  record(true);
  EXPECT_THAT(numbers(intake_.wait_for_entries(1)), ElementsAre(1));
}

TEST_F(UplinkTest, SendsABacklogInBatches) {
  for (int i = 0; i < 40; ++i) record(i % 10 == 0, 100'000);
  start();
  EXPECT_EQ(intake_.wait_for_entries(40).size(), 40U);
  EXPECT_GE(intake_.posts(), 2U);
  EXPECT_LT(intake_.posts(), 20U);
  EXPECT_LE(intake_.most_bytes(), std::size_t{31} << 20);
}

TEST_F(UplinkTest, KeepsToItsBandwidthAndLetsALiveShotThrough) {
  record(true, 100'000);
  start(200'000);
  const auto begin = std::chrono::steady_clock::now();
  intake_.wait_for_entries(1);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(400)) << "nothing was owed yet";
  record(false, 100'000);
  intake_.wait_for_entries(2);
  EXPECT_GT(std::chrono::steady_clock::now() - begin, milliseconds(480));
}

TEST_F(UplinkTest, NumbersGoOnAfterTheServersWhenTheSpoolWasLost) {
  for (int i = 0; i < 3; ++i) record(i == 0);
  start();
  intake_.wait_for_entries(3);
  files_.files.clear();
  reopen();
  record(true);
  record(false);
  start();
  EXPECT_THAT(numbers(intake_.wait_for_entries(5)), ElementsAre(1, 2, 3, 4, 5));
}

TEST_F(UplinkTest, MeasuresTheServersClock) {
  intake_.set_clock(seconds(3600));
  start();
  record(true);
  intake_.wait_for_entries(1);
  EXPECT_TRUE(uplink_->drain(seconds(5)));
  const Stamp stamp = timekeeper_.now();
  EXPECT_LT(std::chrono::abs(stamp.offset - seconds(3600)), seconds(1));
  EXPECT_LT(stamp.error, seconds(1));
}

TEST_F(UplinkTest, StopsInTheMiddleOfARequest) {
  start();
  intake_.refuse_next({{.bytes = "", .hang = true}});
  record(true);
  intake_.wait_for_refusals(1);
  const auto begin = std::chrono::steady_clock::now();
  uplink_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(5));
}

}  // namespace
}  // namespace mj::agent
