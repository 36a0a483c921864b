#include "index/agents.h"

#include "index/footage.h"
#include "index/impl.h"
#include "index/migrate.h"

namespace mj::index {

namespace {

constexpr const char* kFindCode =
    "SELECT workstation FROM enrolment_codes WHERE code_hash = ?1 AND expires_us > ?2";
constexpr const char* kDropCode = "DELETE FROM enrolment_codes WHERE code_hash = ?1";
constexpr const char* kDropOldCodes = "DELETE FROM enrolment_codes WHERE expires_us <= ?1";
constexpr const char* kDropCodesOf = "DELETE FROM enrolment_codes WHERE workstation = ?1";
constexpr const char* kPutCode =
    "INSERT INTO enrolment_codes (code_hash, workstation, expires_us) VALUES (?1, ?2, ?3)";
constexpr const char* kRevoke =
    "UPDATE agents SET revoked_us = ?2 WHERE workstation = ?1 AND revoked_us IS NULL";
constexpr const char* kPutAgent =
    "INSERT INTO agents (agent, workstation, public_key, enrolled_us) VALUES (?1, ?2, ?3, ?4)"
    " ON CONFLICT DO NOTHING";
constexpr const char* kHeard = "UPDATE agents SET heard_us = ?2 WHERE agent = ?1";
constexpr const char* kInForce = "SELECT 1 FROM agents WHERE agent = ?1 AND revoked_us IS NULL";
#define MJ_AGENT_COLUMNS "agents.agent, workstation, public_key, enrolled_us, revoked_us, heard_us"
constexpr const char* kOfWorkstation =
    "SELECT " MJ_AGENT_COLUMNS " FROM agents WHERE workstation = ?1 AND revoked_us IS NULL";
constexpr const char* kList = "SELECT " MJ_AGENT_COLUMNS
                              ", ifnull(number, 0), ifnull(missing, 0), ifnull(breaks, 0),"
                              " ifnull(nominal_us > agent_entries.configured_us, 0) FROM agents"
                              " LEFT JOIN streams ON streams.key = workstation || '.screen'"
                              " LEFT JOIN agent_entries ON agent_entries.agent = agents.agent"
                              " AND agent_entries.stream = streams.id"
                              " ORDER BY workstation, enrolled_us DESC";
#undef MJ_AGENT_COLUMNS
constexpr const char* kKnown =
    "SELECT number, chain, at_us, state, detail FROM agent_entries JOIN streams ON streams.id = stream"
    " WHERE key = ?1 AND agent = ?2";
constexpr const char* kEnrolled = "SELECT enrolled_us FROM agents WHERE agent = ?1";

// The newest counts. Numbers that were jumped over are missing; where the agent itself says that they are
// gone
// (?10) the last of them is too. A file that is found later tells numbers out of order: those count no gaps.
constexpr const char* kPutEntry =
    "INSERT INTO agent_entries (stream, agent, number, chain, at_us, state, detail, nominal_us, "
    "configured_us,"
    " missing, breaks) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 * ?3, ?11)"
    " ON CONFLICT (stream, agent) DO UPDATE SET"
    "  missing = missing + CASE WHEN ?12 THEN excluded.number - number - 1 + ?10 ELSE 0 END,"
    "  breaks = breaks + excluded.breaks,"
    "  nominal_us = iif(excluded.state = '', excluded.nominal_us, nominal_us),"
    "  configured_us = iif(excluded.state = '', excluded.configured_us, configured_us),"
    "  number = excluded.number, chain = excluded.chain, at_us = excluded.at_us, state = excluded.state,"
    "  detail = excluded.detail"
    " WHERE excluded.number > number";

Agent agent_row(const Statement& row) {
  const BytesView key = row.blob(2);
  return {row.text(0), row.text(1),       {key.begin(), key.end()},
          row.time(3), row.maybe_time(4), row.maybe_time(5)};
}

AgentReport report_row(const Statement& row) {
  return {agent_row(row), static_cast<uint64_t>(row.integer(6)), static_cast<uint64_t>(row.integer(7)),
          static_cast<uint64_t>(row.integer(8)), row.integer(9) != 0};
}

}  // namespace

Result<void> put_entry(Database& database, const StreamKey& stream, const PutEntry& entry) {
  const capture::EntryRef& ref = *entry.ref;
  if (ref.number == 0 || ref.number > INT64_MAX) return {};
  MJ_TRY(const int64_t id, ensure_stream(database, stream, entry.at));
  return database.run(kPutEntry, id, ref.agent, ref.number, ref.chain, entry.at, entry.state, entry.detail,
                      entry.nominal, entry.configured, ref.gone, ref.breaks, entry.in_order);
}

Result<Agent> Agents::enrol(const Digest& code_hash, const std::string& id, const Bytes& public_key) {
  Agent agent;
  MJ_CHECK(index_.impl_->writer->call([&](Database& database) -> Result<void> {
    const WallTime now = index_.impl_->clock.now();
    MJ_TRY(const auto workstation,
           database.first(
               kFindCode, [](const Statement& row) { return row.text(0); }, code_hash, now));
    if (!workstation) return fail(ErrorKind::not_found, "the code is wrong, used or expired");
    agent = {id, *workstation, public_key, now, {}, {}};
    MJ_CHECK(database.run(kDropCode, code_hash));
    MJ_CHECK(database.run(kRevoke, *workstation, now));
    MJ_CHECK(database.run(kPutAgent, agent.id, *workstation, public_key, now));
    if (database.changes() == 0)
      return fail(ErrorKind::invalid, "this key was enrolled before: make a new one");
    return {};
  }));
  return agent;
}

Result<Agent> Agents::of_workstation(const std::string& workstation) const {
  MJ_TRY(const auto lease, index_.impl_->readers->lease());
  MJ_TRY(auto agent, (*lease).first(kOfWorkstation, agent_row, workstation));
  if (!agent) return fail(ErrorKind::not_found, "no agent is enrolled for workstation {}", workstation);
  return std::move(*agent);
}

Result<bool> Agents::in_force(const std::string& agent) const {
  MJ_TRY(const auto lease, index_.impl_->readers->lease());
  MJ_TRY(const auto found, (*lease).first(
                               kInForce, [](const Statement&) { return true; }, agent));
  return found.has_value();
}

Result<void> Agents::heard(const std::string& agent) {
  return index_.impl_->writer->call(
      [&](Database& database) { return database.run(kHeard, agent, index_.impl_->clock.now()); });
}

Result<capture::KnownEntries> Agents::known(const StreamKey& stream, const std::string& agent) const {
  const auto read = [](const Statement& row) {
    capture::KnownEntries known{
        static_cast<uint64_t>(row.integer(0)), digest_of(row.blob(1)), row.time(2), {}};
    if (const auto cause = gap_cause_from(row.text(3)))
      known.state = capture::AttestedState{known.at, *cause, row.text(4)};
    return known;
  };
  MJ_TRY(const auto lease, index_.impl_->readers->lease());
  MJ_TRY(auto known, (*lease).first(kKnown, read, stream, agent));
  if (known) return std::move(*known);
  MJ_TRY(const auto enrolled, (*lease).first(
                                  kEnrolled, [](const Statement& row) { return row.time(0); }, agent));
  if (!enrolled) return fail(ErrorKind::not_found, "there is no agent {}", agent);
  return capture::KnownEntries{0, {}, *enrolled, {}};
}

Result<void> Agents::add_code(const std::filesystem::path& directory, const std::string& workstation,
                              const Digest& code_hash, WallTime now, WallTime expires) {
  MJ_TRY(const auto database, open_beside(directory, Database::Mode::write));
  MJ_TRY(auto transaction, Transaction::begin(*database, Transaction::Kind::write));
  MJ_CHECK(database->run(kDropOldCodes, now));
  MJ_CHECK(database->run(kDropCodesOf, workstation));
  MJ_CHECK(database->run(kPutCode, code_hash, workstation, expires));
  return transaction.commit();
}

Result<std::vector<AgentReport>> Agents::list(const std::filesystem::path& directory) {
  MJ_TRY(const auto database, open_beside(directory, Database::Mode::read));
  std::vector<AgentReport> agents;
  MJ_CHECK(database->each(kList, [&](const Statement& row) { agents.push_back(report_row(row)); }));
  return agents;
}

Result<int> Agents::revoke(const std::filesystem::path& directory, const std::string& workstation,
                           WallTime now) {
  MJ_TRY(const auto database, open_beside(directory, Database::Mode::write));
  MJ_TRY(auto transaction, Transaction::begin(*database, Transaction::Kind::write));
  MJ_CHECK(database->run(kDropCodesOf, workstation));
  MJ_CHECK(database->run(kRevoke, workstation, now));
  const auto revoked = static_cast<int>(database->changes());
  MJ_CHECK(transaction.commit());
  return revoked;
}

}  // namespace mj::index
