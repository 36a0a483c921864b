#include "tests/bench/index/case_days.h"

#include <future>

#include "index/ingest.h"

namespace mj::bench {

namespace {

/// In one transaction, so that a page that several days change is written once.
constexpr int kDaysAtOnce = 10;
constexpr Duration kOpening = std::chrono::hours(9);
constexpr Duration kOpenFor = std::chrono::hours(8);

/// Events of the hall's days, in the order in which they happened at each window. Owner and thread: one fill.
class CaseDays {
 public:
  /// `shown_from`: since when sittings are kept.
  CaseDays(int cases, WallTime shown_from) : cases_(cases), shown_from_(shown_from) {}

  std::vector<index::Event> day(WallTime midnight, int visits_per_window) {
    std::vector<index::Event> events;
    for (int window = 1; window <= kWindows; ++window) {
      const Duration slot = kOpenFor / visits_per_window;
      for (int visit = 0; visit < visits_per_window; ++visit)
        one_visit(events, window, midnight + kOpening + slot * visit, slot);
    }
    return events;
  }

  [[nodiscard]] Sittings sittings() { return std::move(sittings_); }

 private:
  void one_visit(std::vector<index::Event>& events, int window, WallTime slot_begin, Duration slot) {
    const WallTime called = slot_begin + slot * random_.between(0, 20) / 100;
    const WallTime finished = called + slot * random_.between(20, 78) / 100;
    const std::string ticket =
        fmt::format("{}{:03}", static_cast<char>('A' + window % 20), ++tickets_ % 1000);
    const std::string place = fmt::format("w{}", window), clerk = fmt::format("{}", 1000 + window);
    index::Event call;
    call.at = called;
    call.window = place;
    call.ticket = ticket;
    call.clerk = clerk;
    add(events, call);
    Sitting sitting{called, finished, {}, static_cast<int>(random_.between(0, kItems - 1)), {}};
    sitting.visitor = person_name(random_);
    if (random_.chance(0.7)) {
      // Of two visits with a case five in seven begin one, the others go on with one of the last weeks.
      const bool begins = next_case_ < cases_ && (next_case_ == 0 || random_.chance(5.0 / 7));
      const int64_t nth =
          begins ? next_case_++ : random_.between(std::max<int64_t>(0, next_case_ - 40'000), next_case_ - 1);
      index::Event step;
      step.type = index::Event::Type::case_step;
      step.at = called + (finished - called) * random_.between(30, 95) / 100;
      if (random_.chance(0.5)) step.window = place;
      step.case_number = case_number_of(nth);
      step.step = begins ? "accepted" : "supplement";
      step.clerk = clerk;
      sitting.number = step.case_number;
      sitting.item = static_cast<int>(nth % kItems);
      step.item_code = item_code(sitting.item);
      step.item_name = item_name(sitting.item);
      add(events, std::move(step));
    }
    call.type = index::Event::Type::ticket_finished;
    call.at = finished;
    call.clerk.clear();
    add(events, std::move(call));
    if (random_.chance(0.1)) rate(events, place, ticket, finished);
    if (called >= shown_from_) sittings_[static_cast<size_t>(window - 1)].push_back(std::move(sitting));
  }

  /// One in ten visitors presses a button, some of them write a word.
  void rate(std::vector<index::Event>& events, const std::string& window, const std::string& ticket,
            WallTime finished) {
    index::Event rating;
    rating.type = index::Event::Type::rating;
    rating.at = finished + std::chrono::seconds(15);
    rating.window = window;
    rating.ticket = ticket;
    rating.score = random_.between(3, 5);
    if (random_.chance(0.3)) rating.note = note_text(random_);
    add(events, std::move(rating));
  }

  void add(std::vector<index::Event>& events, index::Event event) {
    event.id = fmt::format("e{:09}", ++ids_);
    event.raw = fmt::format(
        R"({{"id":"{}","type":"{}","at":"{}","window":"{}","ticket":"{}","case":"{}","step":"{}","clerk":"{}"}})",
        event.id, name(event.type), format_rfc3339(event.at), event.window, event.ticket, event.case_number,
        event.step, event.clerk);
    events.push_back(std::move(event));
  }

  const int64_t cases_;
  const WallTime shown_from_;
  Sittings sittings_{kWindows};
  Random random_{11};
  int64_t next_case_ = 0, ids_ = 0, tickets_ = 0;
};

}  // namespace

std::vector<index::Event> live_day(WallTime midnight) {
  return CaseDays(1'000'000, WallTime::max()).day(midnight, 46);
}

Result<Sittings> fill_cases(index::Database& database, const Scale& scale) {
  CaseDays days(scale.visits / 2, kEnd - scale.footage_days * kDay);
  const int per_window = std::max(1, scale.visits / scale.case_days / kWindows);
  const auto make = [&](int day) { return days.day(kEnd - day * kDay, per_window); };
  auto next = std::async(std::launch::async, make, scale.case_days);
  std::optional<index::Transaction> transaction;
  for (int day = scale.case_days; day >= 1; --day) {
    const auto events = next.get();
    // The next day is made beside the writing of this one.
    if (day > 1) next = std::async(std::launch::async, make, day - 1);
    if (!transaction) {
      MJ_TRY(auto begun, index::Transaction::begin(database, index::Transaction::Kind::write));
      transaction.emplace(std::move(begun));
    }
    MJ_TRY(const auto taken, index::ingest_events(database, "queue", events, kEnd - (day - 1) * kDay,
                                                  index::Take::all_or_none));
    if (day % kDaysAtOnce == 1) {
      MJ_CHECK(transaction->commit());
      transaction.reset();
    }
    if (day % 30 == 0) spdlog::info("cases: {} days to go, {} events a day", day, taken.accepted);
  }
  return days.sittings();
}

}  // namespace mj::bench
