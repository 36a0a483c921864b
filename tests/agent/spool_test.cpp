#include "capture/agent/spool.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "capture/agent/thinning.h"
#include "tests/agent/faulty_files.h"
#include "tests/support/temporary_directory.h"

namespace mj::agent {
namespace {

using std::chrono::seconds;
using test::FaultyFiles;
using testing::HasSubstr;
using testing::Not;

const Bytes kSecret(32, 0x5a);
constexpr std::size_t kAll = std::size_t{1} << 30;
constexpr auto kStart = from_us(1'800'000'000'000'000);

Entry shot(bool key, std::size_t bytes = 100, WallTime at = kStart) {
  Entry entry;
  entry.at = at;
  entry.nominal = entry.configured = seconds(5);
  entry.facts.title = "secret title";
  entry.key = key;
  entry.avc_config = "avcC";
  entry.access_unit = Bytes(bytes, 0x77);
  return entry;
}

Entry state(ScreenState what, WallTime at = kStart) {
  Entry entry;
  entry.kind = EntryKind::state;
  entry.at = at;
  entry.state = what;
  return entry;
}

std::unique_ptr<Spool> open(SpoolFiles& files, int64_t budget = 500'000'000) {
  auto spool = Spool::open(files, kSecret, {.budget_bytes = budget});
  EXPECT_TRUE(spool.has_value());
  return std::move(*spool);
}

/// The entries of a batch, one by one, as a server takes them apart.
std::vector<Bytes> entries_of(const Batch& batch) {
  std::vector<Bytes> entries;
  for (std::size_t at = 0; at < batch.bytes.size();) {
    const BytesView rest = BytesView(batch.bytes).subspan(at);
    const std::size_t size = 4 + rest[0] + 256U * rest[1] + 65536U * rest[2];
    entries.emplace_back(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(size));
    at += size;
  }
  return entries;
}

std::vector<uint64_t> numbers_of(const Batch& batch) {
  std::vector<uint64_t> numbers;
  for (const Bytes& entry : entries_of(batch)) numbers.push_back(read_head(entry)->number);
  return numbers;
}

bool chained(const Batch& batch) {
  std::optional<Digest> previous;
  for (const Bytes& entry : entries_of(batch)) {
    if (previous && read_head(entry)->previous != *previous) return false;
    previous = chain_hash(entry);
  }
  return true;
}

TEST(Spool, NumbersAndChainsWhatItTakesAndKeepsItOverARestart) {
  FaultyFiles files;
  {
    auto spool = open(files);
    EXPECT_EQ(spool->append(shot(true)), 1U);
    EXPECT_EQ(spool->append(shot(false)), 2U);
  }
  auto spool = open(files);
  EXPECT_EQ(spool->append(shot(true)), 3U);
  const Batch batch = spool->read(1, kAll).value();
  EXPECT_EQ(batch.first, 1U);
  EXPECT_EQ(batch.last, 3U);
  EXPECT_THAT(numbers_of(batch), testing::ElementsAre(1, 2, 3));
  EXPECT_TRUE(chained(batch));
}

TEST(Spool, TimesGrowEvenWhenTheClockWasStepped) {
  FaultyFiles files;
  auto spool = open(files);
  ASSERT_TRUE(spool->append(shot(true, 1, kStart)));
  ASSERT_TRUE(spool->append(shot(false, 1, kStart - seconds(3600))));
  spool = open(files);
  ASSERT_TRUE(spool->append(shot(true, 1, kStart - seconds(7200))));
  EXPECT_EQ(spool->last()->at, kStart + std::chrono::milliseconds(2));
}

TEST(Spool, HidesWhatItHoldsAndSharesItWithNobody) {
  const test::TemporaryDirectory folder;
  const auto files = open_spool_folder(folder.path() / "spool").value();
  auto spool = open(*files);
  ASSERT_TRUE(spool->append(shot(true)));
  struct stat status {};
  ASSERT_EQ(stat((folder.path() / "spool").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
  const auto names = files->list().value();
  for (const std::string& name : names) {
    EXPECT_THAT(std::string(as_text(files->read(name).value())), Not(HasSubstr("secret")));
    ASSERT_EQ(stat((folder.path() / "spool" / name).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
  }
  const Bytes other(32, 1);
  const auto stranger = Spool::open(*files, other, {}).value();
  EXPECT_EQ(stranger->read(1, kAll)->first, 0U);
}

TEST(Spool, LosesAtMostTheEntryThatWasBeingWrittenWhereverItIsCut) {
  FaultyFiles whole;
  auto spool = open(whole);
  ASSERT_TRUE(spool->append(shot(true)));
  const std::size_t before = whole.files.begin()->second.bytes.size();
  ASSERT_TRUE(spool->append(shot(false)));
  const std::size_t size = whole.files.begin()->second.bytes.size();
  for (std::size_t cut = before; cut < size; ++cut) {
    FaultyFiles files;
    files.files = whole.files;
    files.files.begin()->second.bytes.resize(cut);
    auto again = open(files);
    EXPECT_EQ(again->append(shot(true)), 2U) << cut;
    EXPECT_THAT(numbers_of(again->read(1, kAll).value()), testing::ElementsAre(1, 2));
    EXPECT_TRUE(chained(again->read(1, kAll).value()));
    EXPECT_EQ(again->state().lost, 0U);
  }
}

TEST(Spool, AZeroedTailIsATornTail) {
  FaultyFiles files;
  ASSERT_TRUE(open(files)->append(shot(true)));
  files.files.begin()->second.bytes.resize(files.bytes() + 4096);
  EXPECT_EQ(open(files)->append(shot(true)), 2U);
}

TEST(Spool, NamesADamagedEntryAndKeepsTheRest) {
  FaultyFiles files;
  {
    auto spool = open(files);
    for (const bool key : {true, false, false, true, false}) ASSERT_TRUE(spool->append(shot(key)));
  }
  Bytes& bytes = files.files.begin()->second.bytes;
  const std::size_t record = (bytes.size() - kSpoolHeadBytes) / 5;
  bytes[kSpoolHeadBytes + record + record / 2] ^= 1;
  auto spool = open(files);
  EXPECT_THAT(numbers_of(spool->read(1, kAll).value()), testing::ElementsAre(1));
  EXPECT_THAT(numbers_of(spool->read(2, kAll).value()), testing::ElementsAre(4, 5)) << "3 needs 2";
  EXPECT_EQ(spool->state().lost, 2U);
  EXPECT_EQ(spool->append(shot(true)), 6U);
}

TEST(Spool, NamesADamagedEntryThatItFindsOnlyWhenItIsSent) {
  FaultyFiles files;
  auto spool = open(files);
  for (const bool key : {true, false, false}) ASSERT_TRUE(spool->append(shot(key)));
  Bytes& bytes = files.files.begin()->second.bytes;
  bytes[bytes.size() / 2] ^= 1;
  EXPECT_THAT(numbers_of(spool->read(1, kAll).value()), testing::ElementsAre(1));
  EXPECT_EQ(spool->read(2, kAll)->first, 0U);
  EXPECT_TRUE(spool->key_due());
  EXPECT_FALSE(spool->append(shot(false)).has_value()) << "nobody could decode it";
  EXPECT_EQ(spool->append(shot(true)), 4U);
  EXPECT_THAT(numbers_of(spool->read(2, kAll).value()), testing::ElementsAre(4));
}

TEST(Spool, WritesANumberAgainElsewhereWhenTheDiskFails) {
  for (const bool stays : {false, true}) {
    for (const std::size_t written : {std::size_t{0}, std::size_t{1}, std::size_t{50}, kAll}) {
      FaultyFiles files;
      auto spool = open(files);
      ASSERT_TRUE(spool->append(shot(true)));
      files.truncate_fails = stays;
      files.fail_append(ErrorKind::no_space, written);
      EXPECT_EQ(spool->append(shot(false, 777)).error().kind, ErrorKind::no_space);
      EXPECT_EQ(spool->append(shot(true, 888)), 2U);
      files.truncate_fails = false;
      spool = open(files);
      const Batch batch = spool->read(1, kAll).value();
      EXPECT_THAT(numbers_of(batch), testing::ElementsAre(1, 2));
      EXPECT_TRUE(chained(batch));
      EXPECT_GT(batch.bytes.size(), 888U) << "the second try counts";
    }
  }
}

TEST(Spool, KeepsFromTheLastKeyThatTheServerHas) {
  FaultyFiles files;
  auto spool = open(files, 160'000);  // files of 10 kB
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(spool->append(shot(i % 4 == 0, 2000)));
  const int64_t before = spool->state().bytes;
  spool->release(30);
  EXPECT_LT(spool->state().bytes, before / 2);
  EXPECT_EQ(spool->begin_for(30), 29U);
  EXPECT_LE(spool->state().first, 29U);
  EXPECT_GT(spool->state().first, 20U);
  EXPECT_EQ(files.bytes(), spool->state().bytes);
  const uint64_t first = spool->state().first;
  spool = open(files, 160'000);
  EXPECT_EQ(spool->state().lost, 0U) << "what was given back is not missing";
  EXPECT_LE(spool->state().first, 29U);
  EXPECT_GE(spool->state().first, first);
  EXPECT_EQ(spool->begin_for(30), 29U);
}

TEST(Spool, KnowsWhereAServerThatBeginsAnewMustBegin) {
  FaultyFiles files;
  auto spool = open(files);
  ASSERT_TRUE(spool->append(state(ScreenState::locked)));
  for (const bool key : {true, false, false, true}) ASSERT_TRUE(spool->append(shot(key)));
  EXPECT_EQ(spool->begin_for(1), 1U) << "a state needs no picture";
  EXPECT_EQ(spool->begin_for(2), 2U);
  EXPECT_EQ(spool->begin_for(4), 2U);
  EXPECT_EQ(spool->begin_for(5), 5U);
  EXPECT_EQ(spool->begin_for(6), std::nullopt);
  spool->give_up(2);
  EXPECT_EQ(spool->begin_for(3), 5U) << "3 and 4 went with the key";
}

TEST(Spool, GivesBatchesWithinBoundsAndNeverNone) {
  FaultyFiles files;
  auto spool = open(files);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(spool->append(shot(i == 0, 1000)));
  EXPECT_THAT(numbers_of(spool->read(3, 1).value()), testing::ElementsAre(3));
  EXPECT_THAT(numbers_of(spool->read(3, 3000).value()), testing::ElementsAre(3, 4));
  EXPECT_EQ(spool->read(11, kAll)->first, 0U);
}

TEST(Spool, AsksForAKeyBeforeARequestIsFull) {
  FaultyFiles files;
  auto spool = open(files);
  EXPECT_TRUE(spool->key_due()) << "a new encoder begins with one";
  ASSERT_TRUE(spool->append(shot(true, 9 << 20)));
  EXPECT_FALSE(spool->key_due());
  ASSERT_TRUE(spool->append(shot(false, 9 << 20)));
  EXPECT_TRUE(spool->key_due());
  EXPECT_EQ(spool->append(shot(false, 15 << 20)).error().kind, ErrorKind::invalid);
  ASSERT_TRUE(spool->append(shot(true, 15 << 20)));
  EXPECT_EQ(spool->append(shot(true, 32 << 20)).error().kind, ErrorKind::invalid);
  ASSERT_TRUE(spool->append(shot(true)));
  for (int i = 0; i < 998; ++i) ASSERT_TRUE(spool->append(shot(false, 1)));
  EXPECT_FALSE(spool->key_due());
  ASSERT_TRUE(spool->append(shot(false, 1)));
  EXPECT_TRUE(spool->key_due()) << "nor may a request have too many entries";
}

TEST(Spool, GoesOnAfterTheServersNumbersWhenItWasSetBack) {
  FaultyFiles files;
  {
    auto spool = open(files);
    ASSERT_TRUE(spool->append(shot(true)));
  }
  auto spool = open(files);  // an old copy: the server has had 2 to 9 since
  ASSERT_TRUE(spool->append(shot(true)));
  ASSERT_TRUE(spool->append(shot(false)));
  ASSERT_TRUE(spool->append(state(ScreenState::locked)));
  files.fail_append(ErrorKind::no_space, 3);
  EXPECT_FALSE(spool->continue_at(10).has_value());
  ASSERT_TRUE(spool->continue_at(10).has_value());
  const Batch moved = spool->read(2, kAll).value();
  EXPECT_THAT(numbers_of(moved), testing::ElementsAre(10, 11, 12));
  EXPECT_TRUE(chained(moved));
  spool = open(files);
  EXPECT_THAT(numbers_of(spool->read(2, kAll).value()), testing::ElementsAre(10, 11, 12));
  EXPECT_EQ(spool->state().lost, 0U);
  ASSERT_TRUE(spool->continue_at(13).has_value());
  EXPECT_EQ(spool->append(shot(true)), 13U);
}

TEST(Spool, MovesWhatItCanWhenSomethingOfItIsDamaged) {
  FaultyFiles files;
  auto spool = open(files);
  for (const bool key : {true, false, false, true}) ASSERT_TRUE(spool->append(shot(key)));
  Bytes& bytes = files.files.begin()->second.bytes;
  bytes[kSpoolHeadBytes + (bytes.size() - kSpoolHeadBytes) / 4 + 100] ^= 1;  // number 2
  ASSERT_TRUE(spool->continue_at(10).has_value());
  EXPECT_THAT(numbers_of(spool->read(1, kAll).value()), testing::ElementsAre(10, 11));
  EXPECT_EQ(spool->state().lost, 2U);
  EXPECT_EQ(spool->append(shot(false)), 12U);
}

/// A server that remembers every number and what it was.
struct Ledger {
  std::map<uint64_t, Digest> taken;
  uint64_t next = 1;

  void receive(Spool& spool, std::size_t max_bytes) {
    const auto batch = spool.read(next, max_bytes).value();
    for (const Bytes& entry : entries_of(batch)) {
      const uint64_t number = read_head(entry)->number;
      EXPECT_EQ(number, next) << "a number is missing";
      taken[number] = chain_hash(entry);
      next = number + 1;
    }
  }
};

TEST(Spool, LosesNoNumberHoweverOftenThePowerGoes) {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    std::mt19937 random(seed);
    FaultyFiles files;
    Ledger server;
    std::map<uint64_t, Digest> promised;
    for (int life = 0; life < 12; ++life) {
      auto spool = open(files, 400'000);
      ASSERT_TRUE(spool->continue_at(server.next).has_value());
      try {
        for (unsigned i = 0; i < 30; ++i) {
          if (random() % 25 == 0) files.cut_power_before_sync();
          if (random() % 25 == 0) files.fail_append(ErrorKind::no_space, random() % 300);
          const bool key = spool->key_due() || random() % 5 == 0;
          const auto number = spool->append(shot(key, random() % 2000));
          if (number) promised[*number] = chain_hash(entries_of(spool->read(*number, 1).value()).front());
          if (random() % 4 == 0) server.receive(*spool, random() % 20'000);
          if (random() % 8 == 0) spool->release(server.next - 1);
        }
      } catch (const FaultyFiles::PowerCut&) {
        files.power_returns(random);
      }
    }
    auto spool = open(files, 400'000);
    for (uint64_t before = 0; before != server.next;) {
      before = server.next;
      server.receive(*spool, kAll);
    }
    EXPECT_EQ(spool->state().lost, 0U);
    for (const auto& [number, digest] : promised) EXPECT_EQ(server.taken[number], digest) << number;
  }
}

TEST(Spool, LosesNoNumberWhenItsProcessIsKilled) {
  const test::TemporaryDirectory folder;
  uint64_t promised = 0;
  for (int life = 0; life < 4; ++life) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      const auto files = open_spool_folder(folder.path()).value();
      auto spool = open(*files);
      for (;;) {
        const uint64_t number = spool->append(shot(spool->key_due(), 3000)).value_or(0);
        if (::write(pipe[1], &number, sizeof number) != sizeof number) ::_exit(1);
      }
    }
    ::close(pipe[1]);
    for (int i = 0; i < 30; ++i)
      ASSERT_EQ(::read(pipe[0], &promised, sizeof promised), ssize_t{sizeof promised});
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    while (::read(pipe[0], &promised, sizeof promised) > 0) continue;
    ::close(pipe[0]);
    const auto files = open_spool_folder(folder.path()).value();
    const auto numbers = numbers_of(open(*files)->read(1, kAll).value());
    EXPECT_GE(numbers.size(), promised);
    EXPECT_EQ(numbers.back(), numbers.size());
  }
}

/// One day of eight hours of a clerk's screen, made smaller by `scale`: a shot every 5 s, a key every 5 min.
struct Office {
  FaultyFiles files;
  int64_t budget;
  std::unique_ptr<Spool> spool = open(files, budget);
  std::mt19937 random{7};
  Duration passed{0}, since_key{0};
  int64_t taken = 0, most_factor = 1;

  void work(int64_t bytes_per_day, Duration time) {
    constexpr int64_t kFacts = 600;  // of an entry, beside its picture
    const int64_t per_shot = bytes_per_day / (8 * 3600 / 5);
    for (const Duration end = passed + time; passed < end;) {
      const int64_t factor = spool->thinning();
      most_factor = std::max(most_factor, factor);
      const bool key = spool->key_due() || since_key >= seconds(300);
      const auto size = static_cast<std::size_t>((key ? 4 : 1) * per_shot - kFacts);
      ASSERT_TRUE(spool->append(shot(key, size, kStart + passed)).has_value());
      ++taken;
      const Duration wait = std::min<Duration>(seconds(5) * factor, end - passed + seconds(1));
      since_key = key ? wait : since_key + wait;
      passed += wait;
    }
  }
  void restart() { spool = open(files, budget); }
};

TEST(Spool, HoldsFiveDaysWithoutAServerThroughPowerCutsAndAFullDisk) {
  for (const int64_t megabytes_per_day : {80, 200}) {
    constexpr int64_t kScale = 20;  // a twentieth of the bytes in a twentieth of the budget
    Office office{.files = {}, .budget = 500'000'000 / kScale};
    const int64_t day = megabytes_per_day * 1'000'000 / kScale;
    office.work(day, std::chrono::hours(8 * 2));
    office.restart();
    office.work(day, std::chrono::hours(4));
    office.files.disk_full = true;
    EXPECT_EQ(office.spool->append(shot(true)).error().kind, ErrorKind::no_space);
    office.files.disk_full = false;
    ASSERT_TRUE(office.spool->append(state(ScreenState::agent_stopped, kStart + office.passed)));
    office.restart();
    office.work(day, std::chrono::hours(4 + 8 * 2));
    EXPECT_LE(office.most_factor, megabytes_per_day == 80 ? 2 : 64);
    uint64_t next = 1;
    for (Batch batch = office.spool->read(next, kAll).value(); batch.first != 0;
         batch = office.spool->read(next, kAll).value()) {
      EXPECT_EQ(batch.first, next);
      next = batch.last + 1;
    }
    EXPECT_EQ(next, static_cast<uint64_t>(office.taken + 2)) << "nothing old was dropped";
    EXPECT_LE(office.files.bytes(), office.budget);
  }
}

TEST(Spool, NeverFillsHoweverLongTheServerIsAway) {
  Office office{.files = {}, .budget = 5'000'000};
  office.work(8'000'000, std::chrono::hours(8 * 250 * 10));  // ten years
  EXPECT_GT(office.spool->state().next, 1000U);
  EXPECT_LT(office.files.bytes(), office.budget);
}

TEST(Spool, ThinsWhenTheDiskItselfRunsOut) {
  FaultyFiles files;
  auto spool = open(files);
  EXPECT_EQ(spool->thinning(), 1);
  files.room = 100'000'000;
  EXPECT_EQ(spool->thinning(), 8) << "50 MB of 500 may be taken";
  files.room = 0;
  EXPECT_GT(spool->thinning(), 1'000'000);
  EXPECT_EQ(spool->append(shot(true)).error().kind, ErrorKind::no_space);
}

TEST(Thinning, DoublesWithEachHalvingAndThenWithEach512th) {
  constexpr int64_t kBudget = 512'000;
  EXPECT_EQ(thinning(kBudget, kBudget), 1);
  EXPECT_EQ(thinning(kBudget, 256'000), 1);
  EXPECT_EQ(thinning(kBudget, 255'999), 2);
  EXPECT_EQ(thinning(kBudget, 127'999), 4);
  EXPECT_EQ(thinning(kBudget, 63'999), 8);
  EXPECT_EQ(thinning(kBudget, 31'999), 16);
  EXPECT_EQ(thinning(kBudget, 31'000), 32);
  EXPECT_EQ(thinning(kBudget, 1'000), int64_t{1} << 35);
  EXPECT_EQ(thinning(kBudget, 0), int64_t{1} << 36);
  EXPECT_EQ(thinning(kBudget, -5), int64_t{1} << 36);
}

}  // namespace
}  // namespace mj::agent
