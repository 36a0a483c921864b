#include "tests/bench/index/truth.h"

#include <algorithm>
#include <set>

#include "tests/bench/index/words.h"

namespace mj::bench {

namespace {

using index::Event;

constexpr WallTime kMidnight = kEnd - kDay;
constexpr Duration kHourLong = std::chrono::hours(1);
constexpr Duration kOpens = std::chrono::hours(9);
constexpr Duration kLunch = std::chrono::hours(12);
constexpr Duration kAfternoon = std::chrono::minutes(13 * 60 + 30);
constexpr Duration kCloses = std::chrono::hours(17);
constexpr int kOldCases = 80;

constexpr Duration s(int64_t seconds) {
  return std::chrono::seconds(seconds);
}

/// A page on a clerk's screen. A later one hides what was there.
struct Page {
  WallTime from, to;
  std::string title;
};

/// A counter while its day goes by.
struct Counter {
  int number = 0;
  std::string id, login;  ///< `login`: who the caller terminal thinks sits there
  std::string clerk;      ///< who does
  WallTime free;          ///< when the next visitor may sit down
  WallTime called;        ///< of the newest call
  bool works_lunch = false, tells_clerk = false, screen_fails = false;
  std::vector<Page> pages;
};

/// A case that goes on at another counter.
struct Journey {
  std::string number;
  int at = 0;  ///< where it was last
  WallTime ready;
};

/// What happens in the hall. Owner and thread: one true_day(). How often what goes wrong is said where it
/// happens: clocks, late entries, swaps, lookups and wrong tickets as halls describe them; see README.md.
class Hall {
 public:
  Hall(uint64_t seed, int windows, bool queue) : random_(seed * 7'919 + 17), queue_(queue) {
    day_.settings = big_hall({.cameras = 0, .screens = windows});
    const auto off = [this] { return s(random_.between(10, 40) * (random_.chance(0.5) ? 1 : -1)); };
    queue_off_ = off();
    steps_off_ = off();
    for (int i = 1; i <= windows; ++i) counters_.push_back(counter(i));
    for (int i = 0; i < kOldCases; ++i) old_case();
  }

  TrueDay run() {
    roster();
    while (true) {
      auto& next = *std::ranges::min_element(counters_, {}, &Counter::free);
      if (next.free >= kMidnight + kCloses) break;
      if (!swapped_ && next.free >= kMidnight + kAfternoon) swap_clerks();
      const auto hour = next.free - kMidnight;
      if (hour >= kLunch && hour < kAfternoon && !next.works_lunch) {
        next.free = kMidnight + kAfternoon + s(random_.between(0, 240));
        continue;
      }
      visit(next);
      pause(next);
    }
    for (auto& counter : counters_) show(counter);
    std::ranges::stable_sort(day_.told, {}, &ToldEvent::arrives);
    std::ranges::stable_sort(day_.shown, {}, &ShownTitle::at);
    return std::move(day_);
  }

 private:
  Counter counter(int number) {
    Counter made;
    made.number = number;
    made.id = fmt::format("w{}", number);
    made.login = made.clerk = fmt::format("{}", 1000 + number);
    made.free = kMidnight + kOpens + s(random_.between(0, 300));
    made.works_lunch = random_.chance(0.3);
    made.tells_clerk = random_.chance(0.6);
    made.screen_fails = random_.chance(0.1);
    return made;
  }

  // --- who sits where ----------------------------------------------------------------------------

  void roster() {
    for (const auto& counter : counters_) {
      Event duty;
      duty.type = Event::Type::roster;
      duty.at = kMidnight + kOpens - kHourLong / 2;
      duty.until = kMidnight + kCloses + kHourLong / 2;
      duty.clerk = counter.clerk;
      duty.window = counter.id;
      tell("roster", kMidnight - std::chrono::hours(8), duty);
      if (random_.chance(0.5)) sign_in(counter, kMidnight + kOpens - s(random_.between(60, 900)));
    }
  }

  void sign_in(const Counter& counter, WallTime at) {
    Event event;
    event.type = Event::Type::sign_in;
    event.at = at;
    event.clerk = counter.clerk;
    event.window = counter.id;
    tell("signin", at, event);
  }

  /// One clerk in five works at another counter in the afternoon; half of them tell nobody.
  void swap_clerks() {
    swapped_ = true;
    for (std::size_t i = 0; i + 1 < counters_.size(); i += 2) {
      if (!random_.chance(0.2)) continue;
      auto &a = counters_[i], &b = counters_[i + 1];
      std::swap(a.clerk, b.clerk);
      if (!random_.chance(0.5)) continue;
      for (auto* counter : {&a, &b}) {
        sign_in(*counter, kMidnight + kAfternoon - s(random_.between(0, 600)));
        counter->login = counter->clerk;
      }
    }
  }

  // --- what visitors come about ------------------------------------------------------------------

  std::string new_number() { return case_number_of(++numbers_); }

  /// Accepted days ago; some of them come back today.
  void old_case() {
    const std::string number = new_number();
    known_.push_back(number);
    step(number, "accepted", fmt::format("{}", 1000 + random_.between(1, 20)),
         kMidnight - random_.between(1, 40) * kDay + kOpens + s(random_.between(0, 20'000)));
  }

  std::string any_known() {
    return known_[static_cast<std::size_t>(random_.between(0, static_cast<int64_t>(known_.size()) - 1))];
  }

  struct Matter {
    std::string number, word;
    double told = 0;  ///< how likely a step of it is put down today
  };

  Matter matter(const Counter& counter, WallTime at) {
    const auto ready = std::ranges::find_if(
        journeys_, [&](const auto& j) { return j.ready <= at && j.at != counter.number; });
    if (ready != journeys_.end() && random_.chance(0.5)) {
      Matter again{ready->number, random_.chance(0.5) ? "缴费" : "发证", 0.7};
      journeys_.erase(ready);
      return again;
    }
    if (random_.chance(0.15)) return {any_known(), random_.chance(0.7) ? "supplement" : "concluded", 0.75};
    return {new_number(), "accepted", 0.94};
  }

  /// One visit in five is about no case, one in ten of the others about several.
  void visit(Counter& counter) {
    TrueVisit visit;
    visit.window = counter.number;
    visit.from = counter.free;
    std::vector<Matter> matters;
    if (random_.chance(0.8)) {
      const int64_t count = random_.chance(0.9) ? 1 : random_.between(2, 4);
      for (int64_t i = 0; i < count; ++i) matters.push_back(matter(counter, visit.from));
    }
    const Duration length =
        matters.empty() ? s(random_.between(60, 480))
                        : s(random_.between(240, 1'300)) + s(180) * static_cast<int64_t>(matters.size() - 1);
    visit.to = visit.from + length;
    const Duration part = length / std::max<int64_t>(1, static_cast<int64_t>(matters.size()));
    for (std::size_t i = 0; i < matters.size(); ++i) {
      const WallTime from = visit.from + part * static_cast<int64_t>(i);
      serve(counter, matters[i], {from, from + part}, visit.to);
      if (std::ranges::find(visit.cases, matters[i].number) == visit.cases.end())
        visit.cases.push_back(matters[i].number);
    }
    if (random_.chance(0.25)) look_up(counter, {visit.from, visit.to});
    if (queue_) ticket(counter, visit);
    counter.free = visit.to;
    for (const auto& matter : matters) {
      if (random_.chance(0.15))
        journeys_.push_back({matter.number, counter.number, visit.to + s(random_.between(120, 1'800))});
    }
    day_.visits.push_back(std::move(visit));
  }

  /// A case is worked on in its part of the visit. Of the steps 72 % are put down in it, 20 % minutes after
  /// the visitor left, 5 % at the end of the half day, 3 % were already there before.
  void serve(Counter& counter, const Matter& matter, index::Span part, WallTime visit_end) {
    const Duration length = part.end - part.begin;
    const bool tells = random_.chance(matter.told);
    const double when = static_cast<double>(random_.between(0, 999)) / 1'000;
    WallTime at = part.begin + length * random_.between(45, 97) / 100;
    bool opened = random_.chance(0.93);
    if (!tells) {
      opened = random_.chance(0.8);
    } else if (when >= 0.97) {
      at = part.begin - s(random_.between(300, 2'400));
      work(counter, matter.number, {at - s(random_.between(40, 150)), at});
      opened = random_.chance(0.8);
    } else if (when >= 0.92) {
      const auto half = part.end < kMidnight + kLunch ? kLunch : kCloses;
      at = std::max(visit_end, kMidnight + half) + s(random_.between(60, 1'500));
      opened = random_.chance(0.75);
    } else if (when >= 0.72) {
      at = visit_end + s(60 + random_.between(0, 330) + random_.between(0, 330));
      opened = random_.chance(0.75);  // else all of it is paper until then
    }
    const bool later = at > part.end;
    if (opened) {
      const WallTime from = part.begin + length * random_.between(5, 35) / 100;
      work(counter, matter.number, {from, tells && !later && at > from ? at : part.end});
    }
    if (tells && later) work(counter, matter.number, {at - s(random_.between(40, 150)), at});
    if (tells) {
      // 3 %: under the account of a colleague nearby.
      const auto& other = counters_[random_.next() % counters_.size()];
      step(matter.number, matter.word, random_.chance(0.03) ? other.clerk : counter.clerk, at);
      known_.push_back(matter.number);
    }
  }

  /// Of the pages of a case six in ten have its number in their title.
  void work(Counter& counter, const std::string& number, index::Span span) {
    for (WallTime at = span.begin; at < span.end;) {
      const WallTime until = std::min(span.end, at + s(random_.between(15, 90)));
      const bool tells = random_.chance(0.6);
      counter.pages.push_back(
          {at, until, tells ? fmt::format("办件 {} - 受理登记", number) : "材料预审 - 事项"});
      at = until;
    }
  }

  /// Another case, for a colleague or somebody on the telephone, while a visitor sits there.
  void look_up(Counter& counter, index::Span span) {
    const Duration length = random_.chance(0.9) ? s(random_.between(8, 45)) : s(random_.between(60, 150));
    const WallTime from = span.begin + (span.end - span.begin) * random_.between(0, 95) / 100;
    counter.pages.push_back({from, from + length, fmt::format("办件查询 {}", any_known())});
  }

  /// Until the next visitor. In a long pause something that came by the internet may be worked on.
  void pause(Counter& counter) {
    const Duration length =
        random_.chance(0.15) ? s(random_.between(300, 1'500)) : s(random_.between(10, 150));
    const WallTime from = counter.free;
    counter.free += length;
    if (random_.chance(0.1)) look_up(counter, {from, counter.free});
    if (length < s(300) || !random_.chance(0.25)) return;
    const bool accepts = random_.chance(0.25);
    const std::string number = accepts ? new_number() : any_known();
    const WallTime at = from + length * random_.between(40, 90) / 100;
    work(counter, number, {at - s(random_.between(60, 240)), at});
    step(number, accepts ? "accepted" : "审批通过", counter.clerk, at);
    known_.push_back(number);
  }

  // --- what systems tell -------------------------------------------------------------------------

  void step(const std::string& number, const std::string& word, const std::string& clerk, WallTime at) {
    Event event;
    event.type = Event::Type::case_step;
    event.at = at + steps_off_;
    event.case_number = number;
    event.step = word;
    event.clerk = clerk;
    tell("approval", at + s(random_.between(5, 300)), event);  // asked every five minutes
  }

  std::string next_ticket(const Counter& counter) {
    return fmt::format("{}{:03}", static_cast<char>('A' + counter.number % 20), ++tickets_);
  }

  Event ticket_event(const Counter& counter, Event::Type type, WallTime at, const std::string& ticket) {
    Event event;
    event.type = type;
    event.at = at + queue_off_ + s(random_.between(0, 2));
    event.window = counter.id;
    event.ticket = ticket;
    if (counter.tells_clerk) event.clerk = counter.login;
    return event;
  }

  /// Called a walk before the visitor sits down; in 8 % of the visits while the one before still sits there.
  /// 6 %: somebody who does not come is called first. 1.5 %: the ticket that is called is another's.
  void ticket(Counter& counter, TrueVisit& visit) {
    WallTime called = visit.from - s(random_.between(5, 60));
    if (random_.chance(0.08)) called -= s(random_.between(30, 150));
    called = std::max(called, counter.called + s(20));
    if (random_.chance(0.06)) {
      const auto nobody = next_ticket(counter);
      tell_queue(ticket_event(counter, Event::Type::ticket_called, called - s(15), nobody));
    }
    visit.ticket = next_ticket(counter);
    counter.called = called;
    auto call = ticket_event(counter, Event::Type::ticket_called, called, visit.ticket);
    const bool names_case = random_.chance(0.35), of_another = random_.chance(0.015);
    if (names_case && of_another) call.case_number = any_known();
    if (names_case && !of_another && !visit.cases.empty())  // what a visitor types may be another's
      call.case_number = random_.chance(0.003) ? any_known() : visit.cases.front();
    if (!call.case_number.empty()) known_.push_back(call.case_number);
    tell_queue(call);
    if (random_.chance(0.1)) {
      call.at += s(20);
      tell_queue(call);
    }
    finish(counter, visit);
    if (random_.chance(0.25)) rate(counter, visit);
  }

  /// 12 % are never finished, 8 % minutes late.
  void finish(const Counter& counter, const TrueVisit& visit) {
    if (random_.chance(0.12)) return;
    const Duration late = random_.chance(0.1) ? s(random_.between(60, 360)) : s(random_.between(0, 20));
    tell_queue(ticket_event(counter, Event::Type::ticket_finished, visit.to + late, visit.ticket));
  }

  void rate(const Counter& counter, const TrueVisit& visit) {
    auto event = ticket_event(counter, Event::Type::rating, visit.to + s(random_.between(5, 40)), "");
    event.clerk.clear();
    event.score = random_.between(3, 5);
    if (random_.chance(0.7)) event.ticket = visit.ticket;
    if (random_.chance(0.2) && !visit.cases.empty()) event.case_number = visit.cases.front();
    tell_queue(event);
  }

  void tell_queue(const Event& event) { tell("queue", event.at - queue_off_, event); }

  /// 4 % of what is told comes minutes or hours late.
  void tell(const std::string& feed, WallTime arrives, Event event) {
    event.id = fmt::format("{}", ++ids_);
    event.raw = fmt::format("{{\"id\":\"{}\"}}", event.id);
    if (random_.chance(0.04)) arrives += s(random_.between(600, 14'000));
    day_.told.push_back({feed, arrives, std::move(event)});
  }

  // --- what screens show -------------------------------------------------------------------------

  /// Looked at every 5 s.
  void show(const Counter& counter) {
    const StreamKey stream = fmt::format("ws-{:03}.screen", counter.number);
    std::string shown;
    WallTime told;
    for (WallTime at = kMidnight + kOpens - kHourLong / 2; at < kMidnight + kCloses + kHourLong; at += s(5)) {
      const Duration hour = at - kMidnight;
      if (counter.screen_fails && hour > kAfternoon && hour < kAfternoon + 2 * kHourLong) continue;
      std::string title = "政务服务一体化平台 - 待办列表";
      for (const auto& page : counter.pages) {
        if (page.from <= at && at < page.to) title = page.title;
      }
      if (title == shown && at - told < s(240)) continue;
      day_.shown.push_back({stream, at, title});
      shown = title;
      told = at;
    }
  }

  Random random_;
  const bool queue_;
  TrueDay day_;
  std::vector<Counter> counters_;
  std::vector<Journey> journeys_;
  std::vector<std::string> known_;
  Duration queue_off_{0}, steps_off_{0};
  bool swapped_ = false;
  int64_t numbers_ = 0, tickets_ = 0, ids_ = 0;
};

}  // namespace

TrueDay true_day(uint64_t seed, int windows, bool queue) {
  return Hall(seed, windows, queue).run();
}

}  // namespace mj::bench
