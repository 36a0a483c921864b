#include "index/writer.h"

#include <algorithm>
#include <future>

namespace mj::index {

namespace {

constexpr const char* kSavepoint = "SAVEPOINT command";
constexpr const char* kUndo = "ROLLBACK TO command";
constexpr const char* kRelease = "RELEASE command";
constexpr Duration kIdleWait = std::chrono::seconds(1);
constexpr Duration kBallastInterval = std::chrono::seconds(60);

/// The disk's fault, not the command's: trying again later may help.
bool is_trouble(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::no_space:
    case ErrorKind::unavailable:
    case ErrorKind::denied:
    case ErrorKind::corrupt:
      return true;
    default:
      return false;
  }
}

}  // namespace

Writer::Writer(std::unique_ptr<Database> database, Ballast ballast, const Clock& clock, Limits limits,
               std::vector<Companion*> companions)
    : database_(std::move(database)),
      ballast_(std::move(ballast)),
      clock_(clock),
      limits_(limits),
      companions_(std::move(companions)),
      queue_(limits.queue),
      next_try_(clock.steady_now()),
      next_ballast_(clock.steady_now()),
      thread_([this] { loop(); }) {}

Writer::~Writer() {
  queue_.close();
  thread_.join();
}

Result<void> Writer::call(Command command) {
  // Shared: the writer may still be inside set_value() when this caller has its answer and is gone.
  const auto promise = std::make_shared<std::promise<Result<void>>>();
  auto committed = promise->get_future();
  Job job{
      std::move(command), [promise](const Result<void>& result) { promise->set_value(result); }, false, {}};
  if (!queue_.try_push(std::move(job))) {
    return fail(ErrorKind::unavailable, "the index is stopping or has too much to do; try again");
  }
  return committed.get();
}

void Writer::post(Command command, Done done) {
  Job job{std::move(command), std::move(done), true, {}};
  if (queue_.try_push(std::move(job))) return;
  if (lost_++ % 1000 == 0)
    spdlog::error("index: queue full, events of the recorder are lost; run mingjing check");
  job.done(fail(ErrorKind::unavailable, "queue full"));
}

std::string Writer::last_error() const {
  MutexLock lock(mutex_);
  return last_error_;
}

void Writer::loop() {
  name_thread("index-writer");
  while (true) {
    const bool last = queue_.closed();
    const auto until_retry = std::chrono::duration_cast<Duration>(next_try_ - clock_.steady_now());
    const Duration wait = kept_.empty() ? kIdleWait : std::clamp(until_retry, Duration(0), kIdleWait);
    work_off(queue_.pop_all(wait));
    retry_kept();
    mind_ballast();
    if (last) break;  // closed before the last pop_all: nothing can have come after it
  }
  last_chance();
}

void Writer::work_off(Jobs jobs) {
  while (!jobs.empty()) {
    Jobs batch;
    while (!jobs.empty() && batch.size() < limits_.batch) {
      Job job = std::move(jobs.front());
      jobs.pop_front();
      // While events wait for the disk, later ones queue behind them; calls are tried at once, so that their
      // caller knows.
      if (job.event && !kept_.empty()) {
        keep(std::move(job));
      } else {
        batch.push_back(std::move(job));
      }
    }
    if (batch.empty() || commit(batch)) continue;
    for (auto& job : batch) job.event ? keep(std::move(job)) : finish(job);
  }
}

void Writer::keep(Job job) {
  if (kept_.size() < limits_.queue) return kept_.push_back(std::move(job));
  if (lost_++ % 1000 == 0) {
    spdlog::error(
        "index: {} events wait for the disk, further ones are lost; run mingjing check when it is back",
        kept_.size());
  }
  job.done(fail(ErrorKind::unavailable, "too many events wait for the disk"));
}

void Writer::retry_kept() {
  while (!kept_.empty() && clock_.steady_now() >= next_try_) {
    Jobs batch;
    while (!kept_.empty() && batch.size() < limits_.batch) {
      batch.push_back(std::move(kept_.front()));
      kept_.pop_front();
    }
    if (commit(batch)) continue;
    kept_.insert(kept_.begin(), std::make_move_iterator(batch.begin()), std::make_move_iterator(batch.end()));
  }
}

/// True: committed, and everybody told. False: nothing of it is in the database; each job carries the error.
bool Writer::commit(Jobs& batch) {
  auto committed = attempt(batch);
  if (!committed && committed.error().kind == ErrorKind::no_space && ballast_.release()) {
    spdlog::error(
        "index: the disk is full; the ballast file was given up so that work can go on. Make room.");
    next_ballast_ = clock_.steady_now() + kBallastInterval;
    committed = attempt(batch);
  }
  if (!committed) {
    note_failure(committed.error());
    for (auto& job : batch) job.result = tl::unexpected(committed.error());
    return false;
  }
  note_success();
  for (auto& job : batch) finish(job);
  return true;
}

Result<void> Writer::attempt(Jobs& batch) {
  MJ_TRY(auto transaction, Transaction::begin(*database_, Transaction::Kind::write));
  for (Companion* companion : companions_) MJ_CHECK(companion->begin(*database_));
  // A command that has the transaction to itself needs no savepoint: in one, SQLite keeps each page that
  // changes a second time, in memory, and every statement walks along all of them.
  const bool alone = batch.size() == 1;
  for (auto& job : batch) {
    job.result = alone ? job.command(*database_) : run_undoable(job);
    if (!job.result && is_trouble(job.result.error().kind)) return job.result;
    if (!database_->in_transaction()) return fail(ErrorKind::unavailable, "SQLite rolled back");
  }
  if (alone && !batch.front().result) return {};  // and its transaction is undone
  for (Companion* companion : companions_) MJ_CHECK(companion->seal(*database_));
  MJ_CHECK(transaction.commit());
  for (Companion* companion : companions_) companion->committed();
  return {};
}

/// Within the common transaction, but undone alone when it fails.
Result<void> Writer::run_undoable(Job& job) {
  MJ_CHECK(database_->run(kSavepoint));
  auto result = job.command(*database_);
  if (!result && database_->in_transaction()) MJ_CHECK(database_->run(kUndo));
  if (database_->in_transaction()) MJ_CHECK(database_->run(kRelease));
  return result;
}

void Writer::finish(Job& job) {
  if (job.event && !job.result) {
    ++lost_;
    spdlog::error("index: an event of the recorder could not be stored: {}", job.result.error().message);
  }
  job.done(job.result);
}

void Writer::note_failure(const Error& error) {
  wait_ = wait_ == Duration(0) ? limits_.first_wait : std::min(wait_ * 2, limits_.longest_wait);
  next_try_ = clock_.steady_now() + wait_;
  if (healthy_.exchange(false)) spdlog::error("index: cannot commit: {}; trying again", error.message);
  MutexLock lock(mutex_);
  last_error_ = error.message;
}

void Writer::note_success() {
  wait_ = Duration(0);
  next_try_ = clock_.steady_now();
  if (healthy_.exchange(true)) return;
  spdlog::info("index: commits succeed again");
  MutexLock lock(mutex_);
  last_error_.clear();
}

/// The queue is closed: what the disk still refuses now is not in the index. Files are: `mingjing check`
/// heals from them.
void Writer::last_chance() {
  next_try_ = clock_.steady_now();
  retry_kept();
  if (kept_.empty()) return;
  spdlog::error("index: stopped with {} events not stored; run mingjing check --repair", kept_.size());
  lost_ += kept_.size();
  for (auto& job : kept_) job.done(fail(ErrorKind::unavailable, "stopped before the disk took it"));
}

void Writer::mind_ballast() {
  if (!healthy_ || clock_.steady_now() < next_ballast_) return;
  next_ballast_ = clock_.steady_now() + kBallastInterval;
  auto restored = ballast_.restore();
  if (!restored) spdlog::warn("index: {}", restored.error().message);
}

}  // namespace mj::index
