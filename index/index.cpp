#include "index/index.h"

#include <algorithm>

#include "index/accounts.h"
#include "index/cases.h"
#include "index/impl.h"
#include "index/ingest.h"
#include "index/migrate.h"
#include "index/rebuild.h"
#include "index/titles.h"
#include "index/visits.h"
#include "index/words.h"

namespace mj::index {

namespace {

constexpr const char* kQuickCheck = "PRAGMA quick_check";
constexpr int kReaders = 3;  // server/ asks from two threads; one to spare

Result<void> make_directory(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return fail_errno(error.value(), fmt::format("make {}", directory.native()));
  std::filesystem::permissions(directory, std::filesystem::perms::owner_all, error);
  if (error) return fail_errno(error.value(), fmt::format("permissions of {}", directory.native()));
  return {};
}

/// Texts of an earlier version or of a rebuilt index become findable: some at each start, the rest as new
/// ones come.
Result<void> catch_up(Database& database, WallTime now) {
  constexpr int kWordsAtStart = 10'000, kTitlesAtStart = 1'000;
  MJ_TRY(auto transaction, Transaction::begin(database, Transaction::Kind::write));
  MJ_CHECK(make_words(database, kWordsAtStart));
  VisitUpdate visits(now);
  MJ_CHECK(TitleNumbers(database, visits).catch_up(kTitlesAtStart));
  MJ_CHECK(visits.work_off(database));
  return transaction.commit();
}

/// Rows and the log that they share facts with, the same from the start.
template <class Log>
Result<std::unique_ptr<Log>> open_log(const std::filesystem::path& directory, Database& database) {
  if (directory.filename() == kDraft) return nullptr;
  auto log = std::make_unique<Log>(directory);
  MJ_TRY(auto transaction, Transaction::begin(database, Transaction::Kind::write));
  MJ_CHECK(log->begin(database));
  if constexpr (std::is_same_v<Log, RegisterLog>) MJ_CHECK(log->catch_up(database));
  MJ_CHECK(log->seal(database));
  MJ_CHECK(transaction.commit());
  log->committed();
  return log;
}

/// Moments come from outside; arithmetic on them must not overflow.
WallTime sane(WallTime time) {
  constexpr int64_t kYear2200Us = 7'258'118'400'000'000;
  return std::clamp(time, from_us(0), from_us(kYear2200Us));
}

}  // namespace

Index::Index(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Index::~Index() = default;

Result<std::unique_ptr<Index>> Index::open(const std::filesystem::path& directory, const Clock& clock) {
  MJ_CHECK(make_directory(directory));
  MJ_TRY(auto lock, lock_directory(directory));
  const auto file = directory / "index.db";
  MJ_TRY(auto database, Database::open(file, Database::Mode::write));
  auto migrated = migrate(*database);
  if (!migrated) return tl::unexpected(migrated.error().within(file.native()));
  MJ_CHECK(catch_up(*database, clock.now()));
  auto impl = std::make_unique<Impl>(clock, directory, std::move(lock));
  MJ_TRY(impl->hold_log, open_log<HoldLog>(directory, *database));
  MJ_TRY(impl->register_log, open_log<RegisterLog>(directory, *database));
  MJ_TRY(const auto streams, all_streams(*database));
  for (const auto& stream : streams) {
    MJ_TRY(const auto end, stream_end(*database, stream));
    impl->tail.resume(end);
  }
  MJ_TRY(impl->readers, ReaderPool::open(file, kReaders));
  Ballast ballast(directory / "ballast");
  auto restored = ballast.restore();
  if (!restored) spdlog::warn("index: {}", restored.error().message);
  std::vector<Companion*> companions;
  if (impl->hold_log) companions = {impl->hold_log.get(), impl->register_log.get()};
  impl->writer = std::make_unique<Writer>(std::move(database), std::move(ballast), clock, Writer::Limits{},
                                          std::move(companions));
  return std::unique_ptr<Index>(new Index(std::move(impl)));  // NOLINT: private constructor
}

bool Index::healthy() const {
  return impl_->writer->healthy();
}
std::string Index::last_error() const {
  return impl_->writer->last_error();
}

Result<void> Index::verify() const {
  const auto file = impl_->directory / "index.db";
  MJ_TRY(const auto database, Database::open(file, Database::Mode::read));
  if (!impl_->verifying.begin(*database))
    return fail(ErrorKind::cancelled, "{}: not verified", file.native());
  std::string found;
  const auto read = database->each(kQuickCheck, [&](const Statement& row) {
    if (found.empty() && row.text(0) != "ok") found = row.text(0);
  });
  impl_->verifying.end();
  MJ_CHECK(read);
  if (found.empty()) return {};
  return fail(ErrorKind::corrupt, "{}: {}", file.native(), found);
}

void Index::cancel_verify() {
  impl_->verifying.cancel();
}

// --- from storage --------------------------------------------------------------------------------

void Index::on_segment_opened(storage::SegmentOpened opened) {
  const auto run = opened.run;
  impl_->tail.segment_opened(std::move(opened));
  impl_->writer->post([run](Database& database) { return put_run(database, *run); },
                      [](const Result<void>&) {});
}

void Index::on_fragment_durable(storage::FragmentDurable durable) {
  const StreamKey stream = durable.segment.stream;
  {
    const MutexLock lock(impl_->order);
    impl_->post(stream, impl_->tail.fragment_durable(durable));
  }
  if (!durable.shot) return;
  impl_->writer->post(
      [stream, now = impl_->clock.now(), at = durable.place.start,
       shot = std::move(*durable.shot)](Database& database) -> Result<void> {
        VisitUpdate visits(now);
        MJ_CHECK(put_shot_entry(database, stream, at, shot, true, visits));
        return visits.work_off(database);
      },
      [](const Result<void>&) {});
}

void Index::on_segment_closed(storage::SegmentClosed closed) {
  auto live = impl_->tail.segment_closed(closed);
  if (!live) return;
  SegmentRow row{live->segment,      live->run->start, live->end,      live->durable_bytes,
                 live->header_bytes, closed.sha256,    closed.suspect, std::move(live->fragments)};
  const storage::SegmentRef segment = row.segment;
  impl_->writer->post([row = std::move(row)](Database& database) { return put_segment(database, row); },
                      [impl = impl_.get(), segment](const Result<void>&) {
                        impl->tail.forget_segment(segment.stream, segment.start);
                      });
}

void Index::on_outage(capture::Outage outage) {
  const MutexLock lock(impl_->order);
  impl_->post(outage.stream, impl_->tail.outage(outage));
  if (!outage.attested) return;
  // A gap that says that entries are gone is nobody's word about the screen.
  const std::string state = outage.attested->gone ? "" : name(outage.cause);
  impl_->writer->post(
      [state, outage = std::move(outage)](Database& database) {
        return put_entry(
            database, outage.stream,
            {.ref = &*outage.attested, .at = outage.begin, .state = state, .detail = outage.detail});
      },
      [](const Result<void>&) {});
}

void Index::on_clock_offset(capture::ClockOffset offset) {
  impl_->writer->post(
      [offset = std::move(offset)](Database& database) { return put_clock_offset(database, offset); },
      [](const Result<void>&) {});
}

// --- case facts ----------------------------------------------------------------------------------

Result<Ingested> Index::ingest(const std::string& source, std::vector<Event> events) {
  Ingested ingested;
  MJ_CHECK(impl_->writer->call([&](Database& database) -> Result<void> {
    MJ_TRY(ingested, ingest_events(database, source, events, impl_->clock.now(), Take::all_or_none));
    return {};
  }));
  impl_->count(source, ingested);
  return ingested;
}

Result<std::vector<CaseHit>> Index::search_cases(const std::string& query, int limit,
                                                 const CaseCursor& after) const {
  MJ_TRY(const auto lease, impl_->readers->lease());
  return index::search_cases(*lease, query, limit, after);
}

Result<std::vector<CaseHit>> Index::recent_cases(int limit, const CaseCursor& after) const {
  MJ_TRY(const auto lease, impl_->readers->lease());
  return index::recent_cases(*lease, limit, after);
}

Result<CaseAnswer> Index::case_answer(const std::string& number) const {
  CaseAnswer answer;
  {
    MJ_TRY(const auto lease, impl_->readers->lease());
    MJ_TRY(answer, index::case_answer(*lease, number));
  }
  MJ_CHECK(impl_->tell_states(answer.visits));
  return answer;
}

// --- footage -------------------------------------------------------------------------------------

Result<std::vector<IndexedSegment>> Index::fragments(const StreamKey& stream, WallTime from,
                                                     WallTime to) const {
  from = sane(from);
  to = sane(to);
  const TailView view = impl_->tail.view(stream, from, to);
  MJ_TRY(const auto lease, impl_->readers->lease());
  MJ_TRY(const auto row, Impl::stream_row(*lease, stream, view.known));
  MJ_TRY(const auto closed, segments_between(*lease, *row, from, to));
  std::map<WallTime, IndexedSegment> segments;
  for (const auto& live : view.segments) {
    if (live.fragments.empty() || !live.run) continue;
    segments[live.segment.start] = {live.segment, live.run->start, live.end, live.fragments};
  }
  for (const auto& segment : closed) {
    segments[segment.segment.start] = {segment.segment, segment.run_start, segment.end, segment.fragments};
  }
  std::vector<IndexedSegment> result;
  for (auto& [start, segment] : segments) result.push_back(std::move(segment));
  return result;
}

Result<Coverage> Index::coverage(const StreamKey& stream, WallTime from, WallTime to) const {
  return impl_->coverage(stream, sane(from), sane(to));
}

Result<RunInit> Index::run_init(const StreamKey& stream, WallTime run_start) const {
  if (const auto run = impl_->tail.run(stream, run_start)) {
    return RunInit{run->mime, run->video_init, run->width, run->height};
  }
  MJ_TRY(const auto lease, impl_->readers->lease());
  MJ_TRY(const auto row, Impl::stream_row(*lease, stream, false));
  MJ_TRY(auto init, run_at(*lease, *row, run_start));
  if (!init)
    return fail(ErrorKind::not_found, "stream {} has no run that starts at {}", stream, to_us(run_start));
  return std::move(*init);
}

Result<std::pair<storage::SegmentRef, uint64_t>> Index::locate(const StreamKey& stream,
                                                               WallTime start) const {
  if (const auto live = impl_->tail.segment(stream, start))
    return std::pair(live->segment, live->durable_bytes);
  MJ_TRY(const auto lease, impl_->readers->lease());
  MJ_TRY(const auto row, Impl::stream_row(*lease, stream, false));
  MJ_TRY(auto segment, segment_at(*lease, *row, start));
  if (!segment) {
    return fail(ErrorKind::not_found, "stream {} has no segment that starts at {}", stream, to_us(start));
  }
  return std::pair(std::move(segment->segment), segment->bytes);
}

Result<std::vector<ShotRow>> Index::shots(const StreamKey& stream, WallTime from, WallTime to,
                                          int limit) const {
  MJ_TRY(const auto lease, impl_->readers->lease());
  MJ_TRY(const auto row, Impl::stream_row(*lease, stream, false));
  return shots_between(*lease, *row, from, to, std::max(limit, 0));
}

Result<std::vector<capture::ClockOffset>> Index::clock_offsets(const StreamKey& stream, WallTime from,
                                                               WallTime to) const {
  MJ_TRY(const auto lease, impl_->readers->lease());
  MJ_TRY(const auto row, Impl::stream_row(*lease, stream, false));
  return clock_offsets_between(*lease, *row, from, to);
}

// --- accounts ------------------------------------------------------------------------------------

Result<bool> Index::has_accounts() const {
  MJ_TRY(const auto lease, impl_->readers->lease());
  return index::has_accounts(*lease);
}

Result<int64_t> Index::add_account(const Account& account) {
  int64_t id = 0;
  MJ_CHECK(impl_->writer->call([&](Database& database) -> Result<void> {
    MJ_TRY(id, index::add_account(database, account, impl_->clock.now()));
    return {};
  }));
  return id;
}

Result<Account> Index::account(const std::string& login) const {
  MJ_TRY(const auto lease, impl_->readers->lease());
  return find_account(*lease, login);
}

Result<void> Index::add_session(const Digest& token_hash, int64_t account, WallTime expires) {
  return impl_->writer->call([&](Database& database) {
    return index::add_session(database, token_hash, account, expires, impl_->clock.now());
  });
}

Result<Account> Index::session(const Digest& token_hash) const {
  MJ_TRY(const auto lease, impl_->readers->lease());
  return find_session(*lease, token_hash, impl_->clock.now());
}

Result<void> Index::remove_session(const Digest& token_hash) {
  return impl_->writer->call([&](Database& database) { return index::remove_session(database, token_hash); });
}

}  // namespace mj::index
