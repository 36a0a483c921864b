#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "index/agents.h"
#include "index/desk.h"
#include "index/model.h"
#include "index/reports.h"
#include "storage/storage.h"

/// Facts become findable: what was recorded when, who was served where, which footage is a case's.
namespace mj::index {

/// The index of one hall: a SQLite file in WAL mode, synchronous=FULL, in a directory of its own.
/// Owner: the composition root. `clock` must outlive it. Threads: any may call; one writer thread makes all
/// changes, readers lease a connection from a small pool and may block on disk, so network threads never
/// call. Does not: read or write footage; decide who may see it. Failure: what returns success is durable.
class Index final : public storage::Outlet {
 public:
  /// Opens or creates `<directory>/index.db` and migrates it. Errors: corrupt, denied, no_space, unavailable
  /// (in use).
  [[nodiscard]] static Result<std::unique_ptr<Index>> open(const std::filesystem::path& directory,
                                                           const Clock& clock);
  ~Index() override;  // commits what is queued, then stops
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;

  // --- start-up ----------------------------------------------------------------------------------
  /// Makes windows, clerks, streams and the dated mappings window↔stream follow the settings; what is gone
  /// gets an end date.
  [[nodiscard]] Result<void> apply(const config::Settings& settings);
  /// Heals what a crash left: recovers `.part` files, adds rows of files without one, opens a gap
  /// (lost_in_crash) behind each stream's last footage. Call before the recorder starts. What must be read is
  /// bounded per stream; further files without a row (the index was lost, or is older than the store) wait
  /// for adopt_backlog().
  [[nodiscard]] Result<void> recover(const std::vector<config::Store>& stores);
  /// Makes rows of the files that recover() left, newest first. May run beside the recorder, in one thread.
  /// `go_on(done, total)` is asked before each file; false ends it, and the next start finds the rest.
  [[nodiscard]] Result<Adopted> adopt_backlog(const std::function<bool(uint64_t, uint64_t)>& go_on);
  /// Reads the whole database, beside whatever else goes on. Errors: corrupt, with what SQLite found;
  /// cancelled, by cancel_verify() from another thread, also when that was called before.
  [[nodiscard]] Result<void> verify() const;
  void cancel_verify();
  /// The newest closed segment's hash per stream, for storage::Recorder::start.
  [[nodiscard]] Result<std::vector<std::pair<StreamKey, Digest>>> last_digests() const;
  /// Compares every row with every file. `hashes`: read all bytes too. `repair`: heal what can be healed
  /// without losing anything. `progress(done, total)` is called now and then. The recorder must not run when
  /// `repair`.
  [[nodiscard]] Result<CheckReport> check(const std::vector<config::Store>& stores, bool hashes, bool repair,
                                          const std::function<void(uint64_t, uint64_t)>& progress);

  /// False while the disk refuses commits; the recorder's rows then wait in memory and are tried again.
  [[nodiscard]] bool healthy() const;
  [[nodiscard]] std::string last_error() const;  ///< empty when healthy
  // --- from storage ------------------------------------------------------------------------------
  void on_segment_opened(storage::SegmentOpened opened) override;
  void on_fragment_durable(storage::FragmentDurable durable) override;
  void on_segment_closed(storage::SegmentClosed closed) override;
  void on_outage(capture::Outage outage) override;
  void on_clock_offset(capture::ClockOffset offset) override;

  // --- case facts --------------------------------------------------------------------------------
  /// All events of a batch or none. Durable when it returns. Errors: invalid (the message begins with the
  /// event's position, "events[3].window: ..."), no_space, unavailable. Events one by one: Feeds.
  [[nodiscard]] Result<Ingested> ingest(const std::string& source, std::vector<Event> events);
  /// Cases whose number equals, begins or ends with `query` after folding (NFKC, case, dashes), best first.
  [[nodiscard]] Result<std::vector<CaseHit>> search_cases(const std::string& query, int limit,
                                                          const CaseCursor& after = {}) const;
  /// The newest. Of both: those after a hit of an earlier page.
  [[nodiscard]] Result<std::vector<CaseHit>> recent_cases(int limit, const CaseCursor& after = {}) const;
  /// Errors: not_found.
  [[nodiscard]] Result<CaseAnswer> case_answer(const std::string& number) const;

  // --- footage -----------------------------------------------------------------------------------
  /// Segments, open ones too, that overlap [from, to), by start; durable fragments only. Errors: not_found.
  [[nodiscard]] Result<std::vector<IndexedSegment>> fragments(const StreamKey& stream, WallTime from,
                                                              WallTime to) const;
  [[nodiscard]] Result<Coverage> coverage(const StreamKey& stream, WallTime from, WallTime to) const;
  /// What the camera's own clock was off by, each time it was measured in [from, to). Errors: not_found
  /// (stream).
  [[nodiscard]] Result<std::vector<capture::ClockOffset>> clock_offsets(const StreamKey& stream,
                                                                        WallTime from, WallTime to) const;
  [[nodiscard]] Result<RunInit> run_init(const StreamKey& stream, WallTime run_start) const;
  /// Where a segment lies and how many of its bytes are durable.
  [[nodiscard]] Result<std::pair<storage::SegmentRef, uint64_t>> locate(const StreamKey& stream,
                                                                        WallTime start) const;
  [[nodiscard]] Result<std::vector<ShotRow>> shots(const StreamKey& stream, WallTime from, WallTime to,
                                                   int limit) const;

  // --- purge -------------------------------------------------------------------------------------
  /// One turn: ends deletions under way, then deletes closed segments that ended `days` ago or earlier (0:
  /// none), oldest first, by a clock that does not believe jumps. One caller at a time, beside all else.
  [[nodiscard]] Result<PurgeStatus> purge(const storage::Remover& remover, int days,
                                          const PurgeLimits& limits);
  [[nodiscard]] PurgeStatus purge_status() const;
  /// A person says that the host's clock is right: the mingjingd of `directory` believes it at its next turn.
  [[nodiscard]] static Result<void> believe_clock(const std::filesystem::path& directory);

  // --- accounts ----------------------------------------------------------------------------------
  [[nodiscard]] Result<bool> has_accounts() const;
  /// Errors: invalid (login taken).
  [[nodiscard]] Result<int64_t> add_account(const Account& account);
  [[nodiscard]] Result<Account> account(const std::string& login) const;
  /// Sessions are kept by the SHA-256 of their token. Errors of session(): not_found (none or expired).
  [[nodiscard]] Result<void> add_session(const Digest& token_hash, int64_t account, WallTime expires);
  [[nodiscard]] Result<Account> session(const Digest& token_hash) const;
  [[nodiscard]] Result<void> remove_session(const Digest& token_hash);

 private:
  friend class Backups;
  friend class Feeds;
  friend class Timeline;
  struct Impl;
  class Checker;
  class Adopter;
  friend class Desk;
  friend class Holds;
  friend class Register;
  friend class Agents;
  friend class Alerts;
  friend class Search;
  explicit Index(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The ledger of one stream, or of all if `stream` is empty, read from the rows beside the mingjingd that
/// writes them. Does not know footage of segments that are still open: `Coverage::until` says how far it can
/// tell. Errors: not_found (no index, no such stream), unavailable (written by another version), corrupt.
[[nodiscard]] Result<std::vector<std::pair<StreamKey, Coverage>>> read_ledger(
    const std::filesystem::path& directory, const StreamKey& stream, WallTime from, WallTime to,
    const Clock& clock);

/// Makes the index of `directory` anew from the files of `stores`; what files cannot tell (cases, visits,
/// accounts) is taken over from the old index as far as that can be read. The old one is kept in
/// Rebuilt::aside. Nobody may use the index meanwhile. Errors: unavailable (in use, or a store is missing;
/// nothing was changed), no_space.
[[nodiscard]] Result<Rebuilt> rebuild(const std::filesystem::path& directory,
                                      const std::vector<config::Store>& stores, const Clock& clock,
                                      const std::function<void(uint64_t, uint64_t)>& progress);
/// The same without the files, in seconds: for a start that must not wait. open(), apply() and recover()
/// then find footage again.
[[nodiscard]] Result<Rebuilt> replace_damaged(const std::filesystem::path& directory, const Clock& clock);

}  // namespace mj::index
