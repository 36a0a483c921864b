#include "index/link_rows.h"

#include <algorithm>
#include <map>

#include "index/alert_rows.h"
#include "index/hold_rows.h"
#include "index/index.h"
#include "index/unicode.h"
#include "index/words.h"

namespace mj::index {

namespace {

constexpr size_t kMaxReason = 2000;  // bytes

constexpr const char* kLinks =
    "SELECT case_id, source, rule, confidence, from_us, to_us, state, decision FROM links WHERE visit = ?1"
    " ORDER BY case_id";
// Of several rows SQLite takes the columns from the one with the maximum (documented for a lone max()).
constexpr const char* kNewestDecisions =
    "SELECT case_id, action, max(id) FROM decisions WHERE visit = ?1 GROUP BY case_id";
constexpr const char* kVisitTimes = "SELECT called_us, finished_us FROM visits WHERE id = ?1";
constexpr const char* kDropLinks = "DELETE FROM links WHERE visit = ?1";
constexpr const char* kPutLink =
    "INSERT INTO links (case_id, visit, source, rule, confidence, from_us, to_us, state, decision)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
constexpr const char* kCountCases =
    "UPDATE visits SET cases = (SELECT count(*) FROM links WHERE visit = visits.id AND state <> 'rejected')"
    " WHERE id = ?1";
// A case of which nothing counts any more stays where its events were: they are its history.
constexpr const char* kRefreshCase =
    "UPDATE cases SET newest_us = coalesce("
    "  (SELECT max(called_us) FROM links JOIN visits ON visits.id = links.visit WHERE links.case_id = "
    "cases.id AND state <> 'rejected'),"
    "  (SELECT max(at_us) FROM facts WHERE facts.case_id = cases.id),"
    "  (SELECT max(at_us) FROM events WHERE events.case_id = cases.id), newest_us),"
    " item = (SELECT item FROM facts WHERE facts.case_id = cases.id AND item IS NOT NULL"
    "  ORDER BY at_us DESC, source DESC, source_id DESC LIMIT 1) WHERE id = ?1";

constexpr const char* kDerivedLinks =
    "SELECT case_id, source, rule, confidence, from_us, to_us FROM links"
    " WHERE visit = ?1 AND source <> 'manual'";
constexpr const char* kFindCase = "SELECT id FROM cases WHERE folded = ?1";
constexpr const char* kHasLink = "SELECT 1 FROM links WHERE visit = ?1 AND case_id = ?2";
constexpr const char* kPutDecision =
    "INSERT INTO decisions (visit, case_id, action, login, name, reason, at_us)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

constexpr const char* kBySomebody = "manual";
constexpr const char* kSaidByPerson = "said_by_person";

struct Said {
  Decision::Action action;
  int64_t id;
};

int64_t first_integer(const Statement& row) {
  return row.integer(0);
}

LinkState state_of(Decision::Action action, bool derived) {
  if (action == Decision::Action::reject) return LinkState::rejected;
  return derived ? LinkState::confirmed : LinkState::added;
}

/// The link of a case that no rule connects with the visit: all there is is a person's word.
Result<DerivedLink> link_by_word(Database& database, int64_t visit, int64_t case_id, const Said& said) {
  DerivedLink link;
  link.case_id = case_id;
  link.source = kBySomebody;
  link.rule = kSaidByPerson;
  link.confidence = said.action == Decision::Action::reject ? 0 : 1;
  MJ_CHECK(database.each(
      kVisitTimes,
      [&](const Statement& row) {
        link.from = row.time(0);
        link.to = row.maybe_time(1);
      },
      visit));
  return link;
}

/// A row of links, but for its visit.
struct LinkRow {
  DerivedLink link;
  std::string state;
  std::optional<int64_t> decision;
  friend bool operator==(const LinkRow&, const LinkRow&) = default;
};

DerivedLink link_of(const Statement& row) {
  return {row.integer(0), row.text(1), row.text(2), row.real(3), row.time(4), row.maybe_time(5)};
}

Result<std::vector<LinkRow>> rows_of(Database& database, int64_t visit) {
  std::vector<LinkRow> rows;
  const auto add = [&](const Statement& row) {
    rows.push_back(
        {link_of(row), row.text(6), row.is_null(7) ? std::nullopt : std::optional(row.integer(7))});
  };
  MJ_CHECK(database.each(kLinks, add, visit));
  return rows;
}

/// What the rules and persons say together, by case.
Result<std::vector<LinkRow>> rows_wanted(Database& database, int64_t visit,
                                         const std::vector<DerivedLink>& derived) {
  std::map<int64_t, Said> said;
  const auto add = [&](const Statement& row) {
    const auto action = decision_action_from(row.text(1)).value_or(Decision::Action::confirm);
    said.emplace(row.integer(0), Said{action, row.integer(2)});
  };
  MJ_CHECK(database.each(kNewestDecisions, add, visit));
  std::vector<LinkRow> rows;
  for (const auto& link : derived) {
    const auto word = said.extract(link.case_id);
    const auto state = word ? state_of(word.mapped().action, true) : LinkState::inferred;
    rows.push_back({link, name(state), word ? std::optional(word.mapped().id) : std::nullopt});
  }
  for (const auto& [case_id, word] : said) {
    MJ_TRY(auto link, link_by_word(database, visit, case_id, word));
    rows.push_back({std::move(link), name(state_of(word.action, false)), word.id});
  }
  std::ranges::sort(rows, {}, [](const LinkRow& row) { return row.link.case_id; });
  return rows;
}

Result<std::vector<DerivedLink>> derived_links(Database& database, int64_t visit) {
  std::vector<DerivedLink> links;
  MJ_CHECK(database.each(
      kDerivedLinks, [&](const Statement& row) { links.push_back(link_of(row)); }, visit));
  return links;
}

}  // namespace

Result<void> settle_links(Database& database, int64_t visit, const std::vector<DerivedLink>& derived,
                          Touched& touched) {
  MJ_TRY(const auto before, rows_of(database, visit));
  MJ_TRY(const auto wanted, rows_wanted(database, visit, derived));
  if (before == wanted) return {};
  touched.visits.insert(visit);
  MJ_CHECK(database.run(kDropLinks, visit));
  for (const auto* rows : {&before, &wanted}) {
    for (const auto& row : *rows) touched.cases.insert(row.link.case_id);
  }
  for (const auto& [link, state, decision] : wanted) {
    MJ_CHECK(database.run(kPutLink, link.case_id, visit, link.source, link.rule, link.confidence, link.from,
                          link.to, state, decision));
  }
  return database.run(kCountCases, visit);
}

Result<void> refresh_cases(Database& database, const std::set<int64_t>& cases) {
  for (const int64_t id : cases) {
    MJ_CHECK(database.run(kRefreshCase, id));
    MJ_CHECK(widen_holds(database, id));
  }
  return {};
}

Result<void> check_reason(const std::string& reason) {
  // Blanks and dots are none.
  if (std::ranges::none_of(code_points_of(reason), is_word_point))
    return fail(ErrorKind::invalid, "a reason is needed, in words");
  if (reason.size() > kMaxReason)
    return fail(ErrorKind::invalid, "the reason is longer than {} bytes", kMaxReason);
  return {};
}

Result<void> take_decision(Database& database, const Decision& decision, WallTime now) {
  MJ_CHECK(check_reason(decision.reason));
  MJ_TRY(const auto visit, database.first(kVisitTimes, first_integer, decision.visit));
  if (!visit) return fail(ErrorKind::not_found, "there is no visit {}", decision.visit);
  MJ_TRY(const auto folded, fold_case_number(decision.case_number));
  MJ_TRY(const auto case_id, database.first(kFindCase, first_integer, folded));
  if (!case_id) {
    return fail(ErrorKind::not_found,
                "there is no case \"{}\"; check the number, or let its feed tell of it first",
                decision.case_number);
  }
  MJ_TRY(const auto linked, database.first(kHasLink, first_integer, decision.visit, *case_id));
  if (!linked && decision.action != Decision::Action::add) {
    return fail(ErrorKind::invalid, "visit {} has no link to case \"{}\"; use \"add\" to make one",
                decision.visit, decision.case_number);
  }
  MJ_CHECK(database.run(kPutDecision, decision.visit, *case_id, name(decision.action), decision.login,
                        decision.name, decision.reason, now));
  MJ_CHECK(make_words(database, kWordsAtOnce));
  MJ_TRY(const auto derived, derived_links(database, decision.visit));
  Touched touched;
  MJ_CHECK(settle_links(database, decision.visit, derived, touched));
  MJ_CHECK(refresh_cases(database, touched.cases));
  return settle_alerts(database, touched, now);
}

}  // namespace mj::index
