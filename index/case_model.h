#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

/// Cases, visits and the links between them, as the index answers. Plain values. Part of index/model.h.
namespace mj::index {

struct Named {
  std::string id, name;
};

/// Where a hit stands in its list; a page goes on after it. By default: before the first.
struct CaseCursor {
  bool exact = true;  ///< the number is the one that was typed; these come first
  WallTime newest = WallTime::max();
  int64_t id = 0;
};

struct CaseHit {
  std::string number;
  std::optional<Named> item, window, clerk;
  std::optional<WallTime> called;  ///< of the newest visit
  std::optional<WallTime> finished;
  int visits = 0;
  CaseCursor place;
};

struct CaseStep {
  std::string type;  ///< "ticket_called", "ticket_finished" or the step's word
  WallTime at;
  std::optional<Named> window, clerk;
  std::string source;  ///< feed
};

/// What there is of a stream in an interval: the four states of a review pane.
enum class FootageState { footage, gap, purged, never_mapped };
[[nodiscard]] const char* name(FootageState state);

struct VisitStream {
  StreamKey key;
  StreamKind kind = StreamKind::main;
  std::string role;  ///< "counter", "screen" or "area"
  std::string name;
  std::string purpose, legal_basis;  ///< of the camera
  FootageState state = FootageState::gap;
  std::optional<GapCause> cause;  ///< when state is gap: what covers the called moment
  std::string detail;             ///< when purged: the rule, and when
};

/// Who says that a visit was about a case: our rules, or a person over them. The newest person's word counts.
enum class LinkState { inferred, confirmed, rejected, added };
[[nodiscard]] const char* name(LinkState state);

struct Link {
  std::string case_number;     ///< in Visit::links
  std::string source;          ///< "queue", "step", "screen_title", "rating" or "manual"
  double confidence = 0;       ///< 0 … 1: of the rule; 1 for what a person added
  std::string why;             ///< machine-readable rule name: "ticket_names_case", "step_during_visit"
  WallTime from;               ///< the part of the visit that was about the case
  std::optional<WallTime> to;  ///< none: not over yet
  LinkState state = LinkState::inferred;
  std::string by, reason;  ///< of the newest decision; empty while inferred
  std::optional<WallTime> decided;
};

struct Visit {
  int64_t id = 0;
  std::string ticket;  ///< empty: no queue system told of it
  std::optional<Named> window, clerk;
  WallTime called;
  std::optional<WallTime> finished;
  bool inferred = false;      ///< made from steps and titles: the times are what those show, not a queue's
  std::optional<int> rating;  ///< 好差评: 5 very satisfied … 1 very dissatisfied
  Link link;                  ///< in a case's answer: the one to that case
  std::vector<Link> links;    ///< of a visit asked for by itself: all, the strongest first
  std::vector<VisitStream> streams;  ///< in the order to show: counter, screen, area
};

struct CaseAnswer {
  std::string number;
  std::optional<Named> item;
  std::vector<CaseStep> steps;  ///< by time
  std::vector<Visit> visits;    ///< by time; behind them those that a person rejected
  std::vector<int64_t> holds;   ///< in force, of the case or of footage of its visits
};

/// One line of the list of visits.
struct VisitLine {
  int64_t id = 0;
  std::string ticket;
  std::optional<Named> window, clerk;
  WallTime called;
  std::optional<WallTime> finished;
  bool inferred = false;
  bool marked = false;             ///< served for more than three minutes, and no case
  std::vector<std::string> cases;  ///< numbers of the links that count
  std::optional<int> rating;
};

/// What a person says of a visit and a case.
struct Decision {
  enum class Action { confirm, reject, add };
  int64_t visit = 0;
  std::string case_number;
  Action action = Action::confirm;
  std::string login, name;  ///< of the person
  std::string reason;
};
[[nodiscard]] const char* name(Decision::Action action);
[[nodiscard]] std::optional<Decision::Action> decision_action_from(std::string_view name);

/// A case number as it is compared: NFKC, case folded, every dash and space removed; at most 64 code points.
/// Errors: invalid (empty, too long, not UTF-8, control characters).
[[nodiscard]] Result<std::string> fold_case_number(std::string_view text);

}  // namespace mj::index
