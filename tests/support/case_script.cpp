#include "tests/support/case_script.h"

#include <algorithm>
#include <array>

namespace mj::test {

namespace {

struct Item {
  const char* code;
  const char* name;
};
constexpr std::array<Item, 5> kItems{{{"SB-001", "社会保险登记"},
                                      {"SC-014", "个体工商户设立登记"},
                                      {"BD-003", "不动产登记"},
                                      {"SP-007", "食品经营许可"},
                                      {"SB-022", "灵活就业参保"}}};

/// When, in percent of a visit, its five moments come. The rest of it the window is empty.
constexpr std::array<int, 5> kPercent{0, 15, 45, 75, 90};

/// A moment of the day in China, which has had one time zone and no summer time since 1991.
struct ChinaTime {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<std::chrono::milliseconds> time;
};

ChinaTime china(WallTime t) {
  const auto local = std::chrono::floor<std::chrono::milliseconds>(t + std::chrono::hours(8));
  const auto day = std::chrono::floor<std::chrono::days>(local);
  return {std::chrono::year_month_day(day), std::chrono::hh_mm_ss(local - day)};
}

}  // namespace

std::string china_time(WallTime t) {
  const auto [date, time] = china(t);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}+08:00", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     time.subseconds().count());
}

CaseScript::CaseScript(std::vector<std::string> windows, std::vector<std::string> clerks, Duration visit,
                       WallTime begin)
    : visit_(visit), begin_(begin) {
  for (std::size_t i = 0; i < windows.size(); ++i) {
    Counter counter;
    counter.now.window = std::move(windows[i]);
    if (!clerks.empty()) counter.now.clerk = clerks[i % clerks.size()];
    counter.letter = static_cast<char>('A' + i % 26);
    // Windows do not call in step.
    counter.visit_begin = begin + visit * static_cast<int>(i) / static_cast<int>(windows.size());
    counters_.push_back(std::move(counter));
  }
}

WallTime CaseScript::time_of(const Counter& counter) const {
  return counter.visit_begin + visit_ * kPercent[counter.moment] / 100;
}

WallTime CaseScript::next() const {
  WallTime soonest = WallTime::max();
  for (const Counter& counter : counters_) soonest = std::min(soonest, time_of(counter));
  return soonest;
}

std::vector<AtWindow> CaseScript::at_windows() const {
  std::vector<AtWindow> all;
  for (const Counter& counter : counters_) all.push_back(counter.now);
  return all;
}

std::vector<CaseEvent> CaseScript::until(WallTime now) {
  std::vector<CaseEvent> events;
  while (next() <= now) {
    const auto earlier = [&](const Counter& a, const Counter& b) { return time_of(a) < time_of(b); };
    if (auto event = advance(*std::ranges::min_element(counters_, earlier)))
      events.push_back(std::move(*event));
  }
  return events;
}

std::optional<CaseEvent> CaseScript::advance(Counter& counter) {
  const auto moment = static_cast<Moment>(counter.moment);
  const WallTime at = time_of(counter);
  if (moment == Moment::call) begin_visit(counter, at);
  CaseEvent event;
  const bool happens = enter(counter, moment, event);
  event.at = at;
  event.window = counter.now.window;
  event.clerk = counter.now.clerk;
  if (moment == Moment::finish) {
    counter.now = {.window = counter.now.window, .clerk = counter.now.clerk};
    counter.visit_begin += visit_;
  }
  counter.moment = (counter.moment + 1) % kPercent.size();
  if (!happens) return std::nullopt;
  event.id = fmt::format("demo-{}-{}", to_us(begin_) / 1'000'000, ++events_);
  return event;
}

void CaseScript::begin_visit(Counter& counter, WallTime at) {
  const int visit = counter.visits++;
  counter.returning = visit % 3 == 2 && !counter.to_come_back.empty();
  if (counter.returning) {
    counter.matter = counter.to_come_back.front();
    counter.to_come_back.pop_front();
  } else {
    counter.matter = {new_number(at), (visit * 2 + counter.letter) % static_cast<int>(kItems.size())};
  }
  counter.booked = counter.returning || visit % 3 == 0;
  counter.supplement = !counter.returning && visit % 3 != 2;
  const int64_t ticket = (to_us(begin_) / visit_.count() + visit) % 999 + 1;
  counter.now.ticket = fmt::format("{}{:03}", counter.letter, ticket);
  counter.now.item = kItems[static_cast<std::size_t>(counter.matter.item)].name;
}

/// Fills in what is particular to the moment; false when it does not come in this visit.
bool CaseScript::enter(Counter& counter, Moment moment, CaseEvent& event) {
  const bool comes_back = counter.supplement && !counter.booked;
  const auto name_case = [&] {
    const Item& item = kItems[static_cast<std::size_t>(counter.matter.item)];
    counter.now.case_number = event.case_number = counter.matter.number;
    event.item_code = item.code;
    event.item_name = item.name;
  };
  const auto step = [&](const char* step_name) {
    name_case();
    counter.now.step = event.step = step_name;
    event.type = "case_step";
    return true;
  };
  switch (moment) {
    case Moment::call:
      event.type = "ticket_called";
      event.ticket = counter.now.ticket;
      counter.now.step = "called";
      if (counter.booked) name_case();
      return true;
    case Moment::accept:
      return !comes_back && step("accepted");
    case Moment::supplement:
      if (comes_back) counter.to_come_back.push_back(counter.matter);
      return counter.supplement && step("supplement");
    case Moment::conclude:
      return !comes_back && step("concluded");
    case Moment::finish:
      event.type = "ticket_finished";
      event.ticket = counter.now.ticket;
      return true;
  }
  return false;
}

/// The day and a serial that starts with the second of the day, so that another run on the same day makes
/// other numbers.
std::string CaseScript::new_number(WallTime at) {
  const auto [date, time] = china(at);
  const int64_t second = std::chrono::floor<std::chrono::seconds>(time.to_duration()).count();
  const int64_t serial = std::max(100'000 + second, last_serial_ + 1);
  last_serial_ = serial;
  return fmt::format("{:04}{:02}{:02}-{:06}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), serial);
}

}  // namespace mj::test
