#include "index/alert_rules.h"

namespace mj::index {

namespace {

constexpr int64_t kPoorRating = 2;  // of 5: dissatisfied (差评)
/// Between a screen's last shot and the moment from which its agent says it was locked.
constexpr Duration kBetweenShots = std::chrono::seconds(60);

}  // namespace

std::vector<Proposal> proposals(const AlertFacts& visit) {
  std::vector<Proposal> found;
  const auto propose = [&](const char* rule, AlertLevel level) {
    found.push_back({rule, level, visit.called, visit.finished});
  };

  // Rule: somebody was served for long, says the queue, and nothing connects that with a case (体外循环).
  if (visit.from_queue && visit.cases == 0 && long_enough_for_case(visit.called, visit.finished))
    propose("served_without_case", AlertLevel::blue);

  // Rule: the visitor gave 1 or 2 of 5 (差评), to it or to the case that only it was about.
  if (visit.rating && *visit.rating <= kPoorRating) propose("poor_rating", AlertLevel::yellow);

  // Rule: somebody complained of it, by window and ticket on its day, or by the case that only it was about.
  if (visit.complained) propose("complaint", AlertLevel::red);

  // Rule: while somebody was served, says the queue, nobody touched the window's computer for long. What is
  // to be looked at is that time. Where no shot says anything the rule says nothing.
  if (visit.from_queue && visit.finished && visit.untouched &&
      visit.untouched->end - visit.untouched->begin >= kLongUntouched) {
    found.push_back(
        {"no_input_while_served", AlertLevel::yellow, visit.untouched->begin, visit.untouched->end});
  }
  return found;
}

bool long_enough_for_case(WallTime called, const std::optional<WallTime>& finished) {
  return finished && *finished - called > kLongWithoutCase;
}

std::optional<Span> longest_untouched(const std::vector<PresencePart>& screen) {
  using State = PresencePart::State;
  std::optional<Span> longest, now;
  State before = State::input;
  for (const auto& part : screen) {
    // It locks itself; to unlock it takes a touch. Of two idle parts that meet, a touch lies between.
    const bool goes_on = now && before != State::input && part.state == State::locked &&
                         part.begin - now->end <= kBetweenShots;
    if (part.state == State::input) {
      now.reset();
    } else {
      now = Span{goes_on ? now->begin : part.begin, part.end};
      if (!longest || now->end - now->begin > longest->end - longest->begin) longest = now;
    }
    before = part.state;
  }
  return longest;
}

}  // namespace mj::index
