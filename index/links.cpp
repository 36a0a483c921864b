#include "index/links.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "index/screen_work.h"

namespace mj::index {

namespace {

// How far each rule is to be believed. The queue system saw the number on the ticket; the visitor rated that
// case; a step's window and time only coincide with the visit; a number on the screen may be another matter
// that the clerk looked up; a clerk without a window may have worked on something else meanwhile.
struct Rule {
  const char* source;
  const char* name;
  double confidence;
};
constexpr Rule kTicketNamesCase{"queue", "ticket_names_case", 0.99};
constexpr Rule kRatingNamesCase{"rating", "rating_names_case", 0.95};
constexpr Rule kStepAndNumberOnScreen{"step", "step_and_number_on_screen", 0.93};
constexpr Rule kStepDuringVisit{"step", "step_during_visit", 0.90};
constexpr Rule kNumberOnScreen{"screen_title", "number_on_screen", 0.85};
constexpr Rule kBriefWork{"step", "brief_step_and_number_on_screen", 0.85};
constexpr Rule kStepBySameClerk{"step", "step_by_same_clerk", 0.80};
constexpr Rule kStepByClerkOnDuty{"step", "step_by_clerk_on_duty", 0.80};
// Of visits that no queue system told of.
constexpr Rule kWorkWithoutTicket{"step", "step_and_number_on_screen", 0.85};
constexpr Rule kStepWithoutTicket{"step", "step_without_ticket", 0.75};
constexpr Rule kNumberWithoutTicket{"screen_title", "number_on_screen_without_ticket", 0.60};

constexpr Duration kBeforeStep = std::chrono::minutes(5);  // a step is the end of what was done for it
constexpr Duration kWrittenLater =
    std::chrono::minutes(30);  // a step may be put down this long after the visit
constexpr Duration kOpenedBefore =
    std::chrono::minutes(5);  // a case may be on the screen this long before the call
constexpr Duration kRatedLater = std::chrono::minutes(10);
constexpr Duration kNothingToRate = std::chrono::minutes(2);
constexpr Duration kDidNotCome = std::chrono::minutes(1);
constexpr Duration kWorkedOn = std::chrono::minutes(3);  // what takes less may have been looked up
constexpr int kLeastShare = 15;  // what is a smaller part of the visit may be for somebody who has left
constexpr Duration kSatThere = std::chrono::minutes(2);   // work with a step, where no queue tells of visits
constexpr Duration kScreenTells = std::chrono::hours(3);  // where numbers stood on the screen this near
constexpr Duration kSameVisitor =
    std::chrono::minutes(10);  // without a queue: the same case again is the same visitor
constexpr Duration kLeadOfStep = std::chrono::minutes(3);    // somebody sat there before the step
constexpr Duration kLeadOfScreen = std::chrono::minutes(1);  // and before the clerk opened the case
constexpr Duration kAfterStep = std::chrono::minutes(1);

void link(DerivedVisit& visit, const Rule& rule, const std::optional<int64_t>& case_id,
          std::optional<Span> seen = {}) {
  if (!case_id) return;
  DerivedLink link{*case_id, rule.source, rule.name, rule.confidence, {}, {}};
  if (seen) link.from = seen->begin;
  if (seen) link.to = seen->end;
  const auto known = std::ranges::find(visit.links, *case_id, &DerivedLink::case_id);
  if (known == visit.links.end()) return visit.links.push_back(std::move(link));
  // A ticket is about the whole visit; other evidence adds up.
  if (!known->to || !link.to) {
    known->to.reset();
    link.to.reset();
  } else {
    known->from = link.from = std::min(known->from, link.from);
    known->to = link.to = std::max(*known->to, *link.to);
  }
  if (known->confidence < link.confidence) *known = std::move(link);
}

bool has_link(const DerivedVisit& visit, int64_t case_id) {
  return std::ranges::find(visit.links, case_id, &DerivedLink::case_id) != visit.links.end();
}

/// A step came while the case stood on the screen.
bool stood_on_screen(const DerivedLink& link) {
  return link.rule == kStepAndNumberOnScreen.name || link.rule == kBriefWork.name;
}

WallTime end_of(const DerivedVisit& visit) {
  return visit.finished.value_or(visit.called + kLongestVisit);
}

bool during(const DerivedVisit& visit, WallTime at) {
  return at >= visit.called && at <= end_of(visit);
}

bool still_open(const DerivedVisit& visit, WallTime at) {
  return !visit.finished && at - visit.called <= kLongestVisit;
}

// Rule: a call opens a visit, unless it repeats the ticket that is being served (重呼). It ends the visit
// before it.
void on_called(std::vector<DerivedVisit>& visits, const Fact& call) {
  DerivedVisit* last = visits.empty() ? nullptr : &visits.back();
  if (last != nullptr && still_open(*last, call.at)) {
    if (last->ticket == call.ticket) {
      if (last->clerk.empty()) last->clerk = call.clerk;
      return link(*last, kTicketNamesCase, call.case_id);
    }
    last->finished = call.at;
    last->finished_inferred = true;
  }
  DerivedVisit visit;
  visit.called_event = call.id;
  visit.ticket = call.ticket;
  visit.clerk = call.clerk;
  visit.called = call.at;
  link(visit, kTicketNamesCase, call.case_id);
  visits.push_back(std::move(visit));
}

// Rule: a finish ends the visit of its ticket; without a ticket, the visit that is open. A finish that comes
// after the next ticket was called still tells the case, but the visit has ended with that call.
void on_finished(std::vector<DerivedVisit>& visits, const Fact& finish) {
  for (auto visit = visits.rbegin(); visit != visits.rend(); ++visit) {
    if (finish.at - visit->called > kLongestVisit) return;
    const bool same = finish.ticket.empty() ? visit == visits.rbegin() : visit->ticket == finish.ticket;
    if (!same || visit->finished_event) continue;
    if (!visit->finished) visit->finished = finish.at;
    visit->finished_event = finish.id;
    if (visit->clerk.empty()) visit->clerk = finish.clerk;
    return link(*visit, kTicketNamesCase, finish.case_id);
  }
}

/// Whether the window's screen tells what is worked on around then.
bool watched(const WindowFacts& facts, WallTime at) {
  return std::ranges::any_of(facts.sightings, [at](const Sighting& seen) {
    return seen.from <= at + kScreenTells && seen.to >= at - kScreenTells;
  });
}

/// The visit that a step is about: who was served then; unless a visit shortly before was about this very
/// case by better evidence than a step, and this one is not: then the clerk only wrote down what was done.
template <class Served>
DerivedVisit* visit_of_step(std::vector<DerivedVisit>& visits, const Fact& step, const Served& served) {
  const auto fits = [&](const auto& visit) { return during(visit, step.at) && served(visit); };
  const auto current = std::ranges::find_if(visits.rbegin(), visits.rend(), fits);
  if (current == visits.rend()) return nullptr;
  if (!step.case_id || has_link(*current, *step.case_id)) return &*current;
  for (auto before = std::next(current); before != visits.rend(); ++before) {
    if (step.at - end_of(*before) > kWrittenLater) break;
    const auto known = std::ranges::find(before->links, *step.case_id, &DerivedLink::case_id);
    if (known == before->links.end()) continue;
    if (known->source != kStepDuringVisit.source || stood_on_screen(*known)) return nullptr;
  }
  return &*current;
}

Span up_to(WallTime at) {
  return {at - kBeforeStep, at};
}

// Rule: a step recorded at the window while somebody was served there is about that visit; it also tells who
// served.
void on_step_at_window(std::vector<DerivedVisit>& visits, const Fact& step) {
  DerivedVisit* visit = visit_of_step(visits, step, [](const auto&) { return true; });
  if (visit == nullptr) return;
  if (visit->clerk.empty()) visit->clerk = step.clerk;
  link(*visit, kStepDuringVisit, step.case_id, up_to(step.at));
}

/// Where a clerk was: a sign-in is believed before a roster, the later of two before the earlier.
const Duty* duty_of(const WindowFacts& facts, const std::string& clerk, WallTime at) {
  const Duty* best = nullptr;
  for (const Duty& duty : facts.duties) {
    if (duty.clerk != clerk || at < duty.from || at >= duty.to) continue;
    const auto rank = [](const Duty& d) {
      return std::tuple(d.signed_in, d.from, std::string_view(d.window));
    };
    if (best == nullptr || rank(*best) < rank(duty)) best = &duty;
  }
  return best;
}

bool on_duty_here(const WindowFacts& facts, const std::string& clerk, WallTime at) {
  const Duty* duty = duty_of(facts, clerk, at);
  return duty != nullptr && duty->window == facts.window;
}

/// Who sat there while the work began; or came while it went on, if it was opened shortly before the call.
DerivedVisit* visit_of_work(std::vector<DerivedVisit>& visits, const ScreenWork& work) {
  const WallTime at = work.from + std::min(kClockError, work.length() / 2);
  const auto began_in = [&](const auto& visit) {
    return during(visit, at) && end_of(visit) - visit.called >= kDidNotCome;
  };
  auto visit = std::ranges::find_if(visits.rbegin(), visits.rend(), began_in);
  if (visit == visits.rend()) {
    visit = std::ranges::find_if(visits.rbegin(), visits.rend(), [&](const auto& v) {
      return v.called > at && v.called - at <= kOpenedBefore && work.to - v.called >= kWorkedOn;
    });
  }
  return visit == visits.rend() ? nullptr : &*visit;
}

/// What was looked up for somebody else, or written down for an earlier visitor, takes a minute or two.
bool took_a_while(const DerivedVisit& visit, const ScreenWork& work) {
  return work.length() >= kWorkedOn ||
         (visit.finished && 3 * work.length() >= 2 * (*visit.finished - visit.called));
}

bool has_other_link(const DerivedVisit& visit, int64_t case_id) {
  return std::ranges::any_of(visit.links, [&](const auto& link) { return link.case_id != case_id; });
}

/// Whether somebody left shortly before of whom nothing says what it was about: then what is put down now may
/// be theirs.
bool follows_unexplained(const std::vector<DerivedVisit>& visits, const DerivedVisit& visit) {
  for (auto at = &visit - visits.data(); at > 0; --at) {
    const DerivedVisit& before = visits[static_cast<size_t>(at - 1)];
    if (visit.called - end_of(before) > kWrittenLater) return false;
    if (end_of(before) - before.called >= kDidNotCome) return before.links.empty();
  }
  return false;
}

/// Whether this visit, or one not long before it, is known to be about the case already.
bool known_before(const std::vector<DerivedVisit>& visits, const DerivedVisit& visit, int64_t case_id) {
  for (auto at = &visit - visits.data(); at >= 0; --at) {
    const DerivedVisit& before = visits[static_cast<size_t>(at)];
    if (visit.called - before.called > kReach) return false;
    if (has_link(before, case_id)) return true;
  }
  return false;
}

// Rule: a short piece of work with a step is believed, though less, where nothing else explains it: the visit
// has no other case, no visit before was about this one, nobody left shortly before of whom nothing is known,
// and the step came by the account of the clerk who sat here; and it was no mere moment of the visit.
bool believable(const std::vector<DerivedVisit>& visits, const DerivedVisit& visit, const ScreenWork& work,
                const WindowFacts& facts) {
  const auto of_clerk_here = [&](const std::string& account) {
    return account.empty() || account == visit.clerk || on_duty_here(facts, account, work.to);
  };
  const bool moment = visit.finished && work.length() * kLeastShare < *visit.finished - visit.called;
  return work.with_step && !work.written_down && !moment && !has_other_link(visit, work.case_id) &&
         !known_before(visits, visit, work.case_id) && !follows_unexplained(visits, visit) &&
         std::ranges::any_of(work.accounts, of_clerk_here);
}

// Rule: a case that came onto the window's screen while somebody was served, and stayed for a while, is about
// that visit, however long it stays there. What was on the screen for a moment may have been looked up for
// another.
void on_works(std::vector<DerivedVisit>& visits, const WindowFacts& facts) {
  std::vector<std::pair<DerivedVisit*, ScreenWork>> brief, believed;
  for (const ScreenWork& work : works_of(facts)) {
    DerivedVisit* visit = visit_of_work(visits, work);
    if (visit == nullptr || work.desk_only) continue;
    if (!took_a_while(*visit, work)) {
      brief.emplace_back(visit, work);
      continue;
    }
    const bool told = work.with_step || work.step_later;
    link(*visit, told ? kStepAndNumberOnScreen : kNumberOnScreen, work.case_id, Span{work.from, work.to});
  }
  std::ranges::copy_if(brief, std::back_inserter(believed),
                       [&](const auto& one) { return believable(visits, *one.first, one.second, facts); });
  for (const auto& [visit, work] : believed) link(*visit, kBriefWork, work.case_id, Span{work.from, work.to});
}

// Rule: a ticket that names a case nobody worked on, while another was, is another's: called by mistake, or
// the number mistyped.
void doubt_ticket(DerivedVisit& visit, const WindowFacts& facts) {
  const auto worked_on = [](const DerivedLink& link) {
    return stood_on_screen(link) || link.rule == kNumberOnScreen.name;
  };
  if (std::ranges::none_of(visit.links, worked_on)) return;
  const Span around{visit.called - kOpenedBefore, end_of(visit) + kWrittenLater};
  std::erase_if(visit.links, [&](const DerivedLink& link) {
    const bool seen = std::ranges::any_of(facts.sightings, [&](const Sighting& s) {
      return s.case_id == link.case_id && s.from <= around.end && s.to >= around.begin;
    });
    const bool told = std::ranges::any_of(facts.steps, [&](const Fact& step) {
      return step.case_id == link.case_id && step.at >= around.begin && step.at <= around.end;
    });
    return link.rule == kTicketNamesCase.name && !seen && !told;
  });
}

/// The clerk who was on duty here; empty when that was nobody, or more than one.
std::string clerk_here(const WindowFacts& facts, WallTime at) {
  std::string clerk;
  for (const Duty& duty : facts.duties) {
    if (duty.clerk == clerk || !on_duty_here(facts, duty.clerk, at)) continue;
    if (!clerk.empty()) return {};
    clerk = duty.clerk;
  }
  return clerk;
}

// Rule: a step that names only the clerk is about the visit that clerk was serving; if nobody said who
// served, about the visit at the window where the clerk was on duty. Where the screen tells what was worked
// on, that counts and not this: accounts are shared, rosters are old.
void on_step_by_clerk(std::vector<DerivedVisit>& visits, const WindowFacts& facts, const Fact& step) {
  if (is_desk_step(step.word) || watched(facts, step.at)) return;
  const auto same = [&](const auto& visit) { return visit.clerk == step.clerk; };
  if (DerivedVisit* visit = visit_of_step(visits, step, same))
    return link(*visit, kStepBySameClerk, step.case_id, up_to(step.at));
  if (!on_duty_here(facts, step.clerk, step.at)) return;
  const auto unknown = [](const auto& visit) { return visit.clerk.empty(); };
  if (DerivedVisit* visit = visit_of_step(visits, step, unknown))
    link(*visit, kStepByClerkOnDuty, step.case_id, up_to(step.at));
}

/// Who was called just now has nothing to rate yet; and who was there for a moment only did not come.
bool may_rate(const DerivedVisit& visit, WallTime at) {
  const Duration there = std::min(at, end_of(visit)) - visit.called;
  return there >= (end_of(visit) <= at ? kDidNotCome : kNothingToRate);
}

// Rule: a rating is about the visit of its ticket, else the one that is going on or ended shortly before.
void on_rating(std::vector<DerivedVisit>& visits, const Fact& rating) {
  for (auto visit = visits.rbegin(); visit != visits.rend(); ++visit) {
    if (visit->called > rating.at) continue;
    if (rating.at - end_of(*visit) > kRatedLater) return;
    if (!rating.ticket.empty() && rating.ticket != visit->ticket) continue;
    if (rating.ticket.empty() && visit != std::prev(visits.rend()) && !may_rate(*visit, rating.at)) continue;
    if (rating.score) visit->rating = rating.score;
    return link(*visit, kRatingNamesCase, rating.case_id);
  }
}

/// In time; at the same instant a finish belongs to the visit before the call.
bool comes_before(const Fact& a, const Fact& b) {
  const auto key = [](const Fact& fact) {
    return std::tuple(fact.at, fact.type == Event::Type::ticket_called, std::string_view(fact.said), fact.id);
  };
  return key(a) < key(b);
}

// --- visits that no queue system told of
// --------------------------------------------------------------------------

/// That a case was worked on at the window.
struct Trace {
  int64_t case_id = 0;
  WallTime from, to;
  bool screen = false, step = true;
  std::string clerk;
};

/// A visit that traces show, while it grows.
struct Shown {
  struct Evidence {
    bool step = false, screen = false;
    Span seen;
  };
  WallTime called, last;
  std::string clerk;
  bool screen = false;
  std::map<int64_t, Evidence> cases;
};

// Rule: work that took a while shows a visitor, unless it is of the desk or was written down for one who had
// left.
bool shows_visitor(const ScreenWork& work) {
  if (work.desk_only || work.written_down) return false;
  return work.length() >= (work.with_step || work.step_later ? kSatThere : kWorkedOn);
}

std::vector<Trace> traces_of(const WindowFacts& facts) {
  std::vector<Trace> traces;
  for (const Fact& step : facts.steps) {
    if (!step.case_id || is_desk_step(step.word)) continue;
    // Where the screen tells what was worked on, the clerk's account says no more.
    if (step.window.empty() && (watched(facts, step.at) || !on_duty_here(facts, step.clerk, step.at)))
      continue;
    traces.push_back({*step.case_id, step.at, step.at, false, true, step.clerk});
  }
  for (const ScreenWork& work : works_of(facts)) {
    if (shows_visitor(work))
      traces.push_back({work.case_id, work.from, work.to, true, work.with_step || work.step_later, {}});
  }
  // Rule: where a queue system tells of visits, what lies outside them is no visit.
  std::erase_if(traces, [&](const Trace& trace) {
    return std::ranges::any_of(facts.tickets, [&](const Fact& ticket) {
      return ticket.at >= trace.from - kQueueAround && ticket.at <= trace.from + kQueueAround;
    });
  });
  std::ranges::sort(traces, {}, [](const Trace& t) {
    return std::tuple(t.from, t.screen, t.case_id, t.to, std::string_view(t.clerk));
  });
  return traces;
}

/// Rule: the first trace of a case shows a visit; what follows of the same case within ten minutes is the
/// same visit. A step does not make a visit longer that was seen on the screen: it may be written down after.
void add_trace(std::vector<Shown>& visits, const Trace& trace) {
  auto visit = visits.rbegin();
  for (; visit != visits.rend() && trace.from - visit->last <= kSameVisitor; ++visit) {
    if (visit->cases.contains(trace.case_id)) break;
  }
  const bool known = visit != visits.rend() && trace.from - visit->last <= kSameVisitor;
  if (!known) {
    const auto lead = trace.from - (trace.screen ? kLeadOfScreen : kLeadOfStep);
    const auto free = visits.empty() ? lead : std::max(lead, std::min(visits.back().last, trace.from));
    visits.push_back({free, trace.to, trace.clerk, trace.screen, {}});
    visit = visits.rbegin();
  }
  if (visit == visits.rbegin() && (trace.screen || !visit->screen))
    visit->last = std::max(visit->last, trace.to);
  if (visit->clerk.empty()) visit->clerk = trace.clerk;
  visit->screen = visit->screen || trace.screen;
  const Span seen = trace.screen ? Span{trace.from, trace.to} : up_to(trace.to);
  auto& evidence = visit->cases.try_emplace(trace.case_id, Shown::Evidence{false, false, seen}).first->second;
  evidence.screen = evidence.screen || trace.screen;
  evidence.step = evidence.step || trace.step;
  evidence.seen = {std::min(evidence.seen.begin, seen.begin), std::max(evidence.seen.end, seen.end)};
}

std::vector<DerivedVisit> shown_visits(const WindowFacts& facts) {
  std::vector<Shown> shown;
  for (const Trace& trace : traces_of(facts)) add_trace(shown, trace);
  std::vector<DerivedVisit> visits;
  for (size_t i = 0; i < shown.size(); ++i) {
    const Shown& from = shown[i];
    DerivedVisit visit;
    visit.clerk = from.clerk;
    visit.called = from.called;
    visit.finished = from.last + (from.screen ? Duration(0) : kAfterStep);
    if (i + 1 < shown.size())
      visit.finished = std::min(*visit.finished, std::max(from.last, shown[i + 1].called));
    visit.finished_inferred = true;
    for (const auto& [case_id, evidence] : from.cases) {
      const Rule& rule = !evidence.screen ? kStepWithoutTicket
                         : evidence.step  ? kWorkWithoutTicket
                                          : kNumberWithoutTicket;
      link(visit, rule, case_id, evidence.seen);
    }
    visits.push_back(std::move(visit));
  }
  return visits;
}

// --- all together
// -------------------------------------------------------------------------------------------------

/// A link without evidence of its own, or the only one, is about the whole visit.
void tell_intervals(DerivedVisit& visit) {
  for (auto& link : visit.links) {
    const bool whole = visit.links.size() == 1 || !link.to;
    link.from = whole ? visit.called : std::clamp(link.from, visit.called, end_of(visit));
    link.to = whole ? visit.finished : std::optional(std::clamp(*link.to, link.from, end_of(visit)));
  }
}

}  // namespace

std::vector<DerivedVisit> derive_visits(WindowFacts facts) {
  for (auto* list : {&facts.tickets, &facts.steps, &facts.ratings}) std::ranges::sort(*list, comes_before);
  std::ranges::sort(facts.sightings, {},
                    [](const Sighting& s) { return std::tuple(s.from, s.to, s.case_id); });
  std::vector<DerivedVisit> visits;
  for (const Fact& fact : facts.tickets) {
    if (fact.type == Event::Type::ticket_called) on_called(visits, fact);
    if (fact.type == Event::Type::ticket_finished) on_finished(visits, fact);
  }
  on_works(visits, facts);
  for (auto& visit : visits) doubt_ticket(visit, facts);
  for (const Fact& step : facts.steps) {
    if (!step.window.empty()) on_step_at_window(visits, step);
  }
  // After the steps at the window: those may tell which clerk it was.
  for (const Fact& step : facts.steps) {
    if (step.window.empty() && !step.clerk.empty()) on_step_by_clerk(visits, facts, step);
  }
  std::ranges::move(shown_visits(facts), std::back_inserter(visits));
  std::ranges::stable_sort(visits, {}, &DerivedVisit::called);
  for (const Fact& rating : facts.ratings) on_rating(visits, rating);
  for (auto& visit : visits) {
    if (visit.clerk.empty()) visit.clerk = clerk_here(facts, visit.called);
    tell_intervals(visit);
  }
  return visits;
}

}  // namespace mj::index
