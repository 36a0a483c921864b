#include "index/links.h"

#include <algorithm>
#include <tuple>

namespace mj::index {

namespace {

// How far each rule is to be believed. The queue system saw the number on the ticket; a step's window and
// time only coincide with the visit; a clerk without a window may have worked on something else meanwhile.
struct Rule {
  const char* source;
  const char* name;
  double confidence;
};
constexpr Rule kTicketNamesCase{"queue", "ticket_names_case", 0.99};
constexpr Rule kStepDuringVisit{"step", "step_during_visit", 0.90};
constexpr Rule kStepBySameClerk{"step", "step_by_same_clerk", 0.80};

void link(DerivedVisit& visit, const Rule& rule, const std::optional<int64_t>& case_id) {
  if (!case_id) return;
  const DerivedLink link{*case_id, rule.source, rule.name, rule.confidence, {}, {}};
  const auto known = std::ranges::find(visit.links, *case_id, &DerivedLink::case_id);
  if (known == visit.links.end()) {
    visit.links.push_back(link);
  } else if (known->confidence < link.confidence) {
    *known = link;
  }
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

bool during(const DerivedVisit& visit, WallTime at) {
  return at >= visit.called && at <= visit.finished.value_or(visit.called + kLongestVisit);
}

// Rule: a step recorded at the window while somebody was served there is about that visit; it also tells who
// served.
void on_step_at_window(std::vector<DerivedVisit>& visits, const Fact& step) {
  const auto visit =
      std::ranges::find_if(visits.rbegin(), visits.rend(), [&](const auto& v) { return during(v, step.at); });
  if (visit == visits.rend()) return;
  if (visit->clerk.empty()) visit->clerk = step.clerk;
  link(*visit, kStepDuringVisit, step.case_id);
}

// Rule: a step that names only the clerk is about the visit that clerk was serving.
void on_step_by_clerk(std::vector<DerivedVisit>& visits, const Fact& step) {
  const auto visit = std::ranges::find_if(visits.rbegin(), visits.rend(), [&](const auto& v) {
    return v.clerk == step.clerk && during(v, step.at);
  });
  if (visit != visits.rend()) link(*visit, kStepBySameClerk, step.case_id);
}

/// In time; at the same instant a finish belongs to the visit before the call.
bool comes_before(const Fact& a, const Fact& b) {
  const auto key = [](const Fact& fact) {
    return std::tuple(fact.at, fact.type == Event::Type::ticket_called, std::string_view(fact.said), fact.id);
  };
  return key(a) < key(b);
}

}  // namespace

std::vector<DerivedVisit> derive_visits(std::vector<Fact> tickets, std::vector<Fact> steps) {
  std::ranges::sort(tickets, comes_before);
  std::ranges::sort(steps, comes_before);
  std::vector<DerivedVisit> visits;
  for (const Fact& fact : tickets) {
    if (fact.type == Event::Type::ticket_called) on_called(visits, fact);
    if (fact.type == Event::Type::ticket_finished) on_finished(visits, fact);
  }
  for (const Fact& step : steps) {
    if (!step.window.empty()) on_step_at_window(visits, step);
  }
  // After the steps at the window: those may tell which clerk it was.
  for (const Fact& step : steps) {
    if (step.window.empty() && !step.clerk.empty()) on_step_by_clerk(visits, step);
  }
  for (auto& visit : visits) {
    for (auto& link : visit.links) {
      link.from = visit.called;
      link.to = visit.finished;
    }
  }
  return visits;
}

}  // namespace mj::index
