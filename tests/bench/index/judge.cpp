#include <algorithm>
#include <set>

#include "index/sqlite.h"
#include "tests/bench/index/truth.h"

namespace mj::bench {

namespace {

constexpr Duration kStep = std::chrono::minutes(10);      // what comes in it is told together
constexpr Duration kTolerance = std::chrono::minutes(1);  // of the times of inferred visits

constexpr const char* kLinks =
    "SELECT visits.window, visits.ticket, visits.inferred, called_us, ifnull(finished_us, called_us), "
    "number, rule"
    " FROM links JOIN visits ON visits.id = links.visit JOIN cases ON cases.id = links.case_id"
    " ORDER BY called_us, visits.window, number";

/// Plays the day to an index. Owner and thread: one judge().
class Player {
 public:
  Player(index::Index& index, StandingClock& clock, const TrueDay& day)
      : index_(index), clock_(clock), day_(day) {}

  Result<void> run() {
    const WallTime end = kEnd + kDay;
    for (WallTime now = kEnd - 45 * kDay; now < end;) {
      // Nothing happens until the eve of the day.
      now += now < kEnd - 2 * kDay ? kDay : kStep;
      clock_.set(now);
      show_until(now);
      MJ_CHECK(tell_until(now));
    }
    return {};
  }

 private:
  void show_until(WallTime now) {
    for (; shown_ < day_.shown.size() && day_.shown[shown_].at <= now; ++shown_) {
      const auto& one = day_.shown[shown_];
      const storage::SegmentRef segment{.store = "s1", .stream = one.stream, .start = one.at, .open = true};
      auto run = std::make_shared<capture::Run>();
      run->stream = one.stream;
      run->start = one.at;
      capture::ShotFacts facts;
      facts.title = one.title;
      facts.program = "chrome.exe";
      const storage::FragmentPlace place{one.at, one.at + std::chrono::seconds(5), 900, 700, 700, 700};
      index_.on_segment_opened({segment, std::move(run), 900});
      index_.on_fragment_durable({segment, place, std::move(facts)});
      auto closed = segment;
      closed.open = false;
      index_.on_segment_closed({closed, place.end, 1'600, Digest{}, Digest{}, false, {place}});
    }
  }

  Result<void> tell_until(WallTime now) {
    std::map<std::string, std::vector<index::Event>> feeds;
    for (; told_ < day_.told.size() && day_.told[told_].arrives <= now; ++told_)
      feeds[day_.told[told_].feed].push_back(day_.told[told_].event);
    for (auto& [feed, events] : feeds) MJ_CHECK(index_.ingest(feed, std::move(events)));
    return {};
  }

  index::Index& index_;
  StandingClock& clock_;
  const TrueDay& day_;
  std::size_t shown_ = 0, told_ = 0;
};

struct Asserted {
  std::string window, ticket;
  bool inferred = false;
  WallTime from, to;
  std::string number, rule;
};

bool fits(const TrueVisit& visit, const Asserted& link) {
  if (link.window != fmt::format("w{}", visit.window)) return false;
  return link.inferred ? visit.from - kTolerance <= link.to && link.from <= visit.to + kTolerance
                       : visit.ticket == link.ticket;
}

std::string told(const Asserted& link, const TrueDay& day) {
  std::string text = fmt::format("{}: {} {} {} {}: {}", link.rule, link.window, link.ticket,
                                 format_rfc3339(link.from).substr(11, 8),
                                 format_rfc3339(link.to).substr(11, 8), link.number);
  for (const auto& visit : day.visits) {
    const bool same = fits(visit, link);
    const bool about = std::ranges::find(visit.cases, link.number) != visit.cases.end();
    if (!same && !about) continue;
    text += fmt::format("; {} w{} {} {}-{}:", about ? "true" : "there sat", visit.window, visit.ticket,
                        format_rfc3339(visit.from).substr(11, 8), format_rfc3339(visit.to).substr(11, 8));
    for (const auto& number : visit.cases) text += " " + number;
  }
  return text;
}

}  // namespace

double Judged::precision() const {
  Count sum;
  for (const auto& [rule, count] : rules) {
    sum.right += count.right;
    sum.wrong += count.wrong;
  }
  return sum.right + sum.wrong == 0 ? 0 : static_cast<double>(sum.right) / (sum.right + sum.wrong);
}

void Judged::add(const Judged& other) {
  for (const auto& [rule, count] : other.rules) {
    rules[rule].right += count.right;
    rules[rule].wrong += count.wrong;
  }
  pairs += other.pairs;
  found += other.found;
  mistakes.insert(mistakes.end(), other.mistakes.begin(), other.mistakes.end());
}

Result<Judged> judge(const std::filesystem::path& directory, const TrueDay& day) {
  StandingClock clock;
  clock.set(kEnd - 60 * kDay);
  {
    MJ_TRY(const auto index, index::Index::open(directory, clock));
    MJ_CHECK(index->apply(day.settings));
    MJ_CHECK(Player(*index, clock, day).run());
  }
  std::set<std::string> known;
  for (const auto& told : day.told) known.insert(told.event.case_number);
  Judged judged;
  for (const auto& visit : day.visits) {
    for (const auto& number : visit.cases) judged.pairs += known.contains(number) ? 1 : 0;
  }
  std::set<std::pair<const TrueVisit*, std::string>> found;
  MJ_TRY(const auto database, index::Database::open(directory / "index.db", index::Database::Mode::read));
  MJ_CHECK(database->each(kLinks, [&](const index::Statement& row) {
    const Asserted link{row.text(0), row.text(1), row.integer(2) != 0, row.time(3),
                        row.time(4), row.text(5), row.text(6)};
    const auto right = std::ranges::find_if(day.visits, [&](const auto& visit) {
      return fits(visit, link) && std::ranges::find(visit.cases, link.number) != visit.cases.end();
    });
    auto& count = judged.rules[link.rule];
    if (right != day.visits.end()) {
      ++count.right;
      found.emplace(&*right, link.number);
    } else {
      ++count.wrong;
      judged.mistakes.push_back(told(link, day));
    }
  }));
  judged.found = static_cast<int>(found.size());
  return judged;
}

}  // namespace mj::bench
