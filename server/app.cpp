#include "server/app.h"

#include <sys/resource.h>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "server/notify.h"
#include "server/version.h"

namespace mj::server {
namespace {

constexpr std::chrono::seconds kBetweenAttempts{5};
constexpr std::chrono::milliseconds kTurn{200};
constexpr std::chrono::seconds kStopWithin{10};
constexpr std::chrono::minutes kJump{1};
constexpr std::chrono::seconds kBetweenPurges{10};
constexpr std::chrono::seconds kBetweenBusyPurges{1};  // while there is more to do than a turn may
constexpr std::chrono::minutes kBackupRetry{10};
constexpr std::chrono::minutes kBackupLook{1};
constexpr int kBackupNiceness = 10;
constexpr const char* kRebuild = "mingjing rebuild-index --config FILE";
constexpr int kExitNoIndex = 2;
constexpr int kExitForced = 3;

/// Ends the process when stopping takes too long: a disk that never answers must not keep a service from
/// restarting.
class StopDeadline {
 public:
  StopDeadline()
      : thread_([this] {
          name_thread("stop-deadline");
          std::unique_lock lock(mutex_);
          if (changed_.wait_for(lock, kStopWithin, [this] { return done_; })) return;
          spdlog::error("stop: not finished after {} s; leaving now", kStopWithin.count());
          std::_Exit(kExitForced);
        }) {}
  ~StopDeadline() {
    {
      std::lock_guard lock(mutex_);
      done_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  StopDeadline(const StopDeadline&) = delete;
  StopDeadline& operator=(const StopDeadline&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  std::thread thread_;
};

/// Each camera is a socket and a file, each viewer a socket: the usual 1024 are not enough for a big hall.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) spdlog::warn("the limit of open files stays low");
}

Result<void> make_data_directory(const std::filesystem::path& directory) {
  std::error_code error;
  if (std::filesystem::exists(directory, error)) return {};
  std::filesystem::create_directories(directory, error);
  if (error) return fail_errno(error.value(), "data_directory " + directory.string());
  std::filesystem::permissions(directory, std::filesystem::perms::owner_all, error);
  if (error) return fail_errno(error.value(), "permissions of data_directory " + directory.string());
  return {};
}

}  // namespace

std::filesystem::path index_directory(const config::Settings& settings) {
  return settings.data_directory / "index";
}

App::App(config::Settings settings, const Clock& clock) : settings_(std::move(settings)), clock_(clock) {}

App::~App() {
  stop();
}

Result<void> App::start() {
  raise_descriptor_limit();
  MJ_CHECK(make_data_directory(settings_.data_directory));
  MJ_CHECK(open_index());
  std::vector<std::pair<StreamKey, Digest>> digests;
  if (auto found = index_->last_digests()) {
    digests = std::move(*found);
  } else {
    spdlog::error("index: the chain of segments begins anew: {}", found.error().message);
  }
  reader_ = std::make_unique<storage::Reader>(settings_.stores);
  remover_ = std::make_unique<storage::Remover>(settings_.stores);
  recorder_ = std::make_unique<storage::Recorder>(settings_, clock_, *index_);
  recorder_->start(std::move(digests));
  capture_ = std::make_unique<capture::Capture>(settings_, clock_, *recorder_);
  capture_->start();
  backlog_ = std::thread([this] { look_after_index(); });
  feeds_ = std::make_unique<FeedReader>(settings_, clock_, *index_);
  feeds_->start();
  return {};
}

Result<void> App::open_index() {
  if (index::is_lost(index_directory(settings_))) keep_backup("there is none");
  auto opened = try_open_index();
  if (opened || opened.error().kind != ErrorKind::corrupt) return opened;
  // Recording does not wait for a person: what can be read of the index is carried over, and footage is found
  // again from its files.
  spdlog::error("index: damaged: {}", opened.error().message);
  index_.reset();
  keep_backup("it is damaged");
  auto replaced = index::replace_damaged(index_directory(settings_), clock_);
  if (!replaced) {
    return fail(replaced.error().kind, "the index is damaged ({}) and cannot be replaced: {}; run `{}`",
                opened.error().message, replaced.error().message, kRebuild);
  }
  spdlog::error("index: the damaged one is kept in {}; {} tables were taken over", replaced->aside.native(),
                replaced->carried.size());
  for (const std::string& lost : replaced->lost) spdlog::error("index: could not be taken over: {}", lost);
  return try_open_index();
}

/// The copies that will be made from now on are of another index: they must not push out the last of the old
/// one. In a new hall there is none.
void App::keep_backup(const char* why) const {
  const auto kept = index::Backups::put_newest_aside(settings_.backup.directory);
  if (!kept) return spdlog::error("backup: the newest copy cannot be put aside: {}", kept.error().message);
  if (!*kept) return;
  spdlog::error(
      "index: {} and a new one is begun; its newest copy is kept as {}: to go back to the cases, visits and "
      "accounts of that, stop mingjingd, move {} aside and make it anew with the copy in it as index.db",
      why, (*kept)->native(), index_directory(settings_).native());
}

/// Opens the index and heals what a crash left. A store that is missing now is healed when it is back and
/// mingjingd starts again; recording does not wait.
Result<void> App::try_open_index() {
  MJ_TRY(index_, index::Index::open(index_directory(settings_), clock_));
  MJ_CHECK(index_->apply(settings_));
  auto healed = index_->recover(settings_.stores);
  if (healed || healed.error().kind == ErrorKind::corrupt) return healed;
  spdlog::error("recovery: {}; recording goes on, `mingjing check --repair` heals later",
                healed.error().message);
  return {};
}

/// What need not hold up recording: rows of further files, and a look at every page of the index.
void App::look_after_index() {
  name_thread("index-backlog");
  const auto go_on = [this](uint64_t, uint64_t) { return !stopping_; };
  if (auto adopted = index_->adopt_backlog(go_on); !adopted) {
    spdlog::error("index: {}; files without a row are taken up at the next start", adopted.error().message);
  }
  if (stopping_) return;
  if (auto verified = index_->verify(); !verified && verified.error().kind != ErrorKind::cancelled) {
    spdlog::error("index: damaged: {}; recording goes on; stop mingjingd and run `{}`",
                  verified.error().message, kRebuild);
    return;  // a copy of it would push out a good one
  }
  keep_backups();
}

/// As often as the settings say, at the least priority, until we stop.
void App::keep_backups() {
  const auto& [directory, keep, every] = settings_.backup;
  if (every.count() == 0) return;
  const index::Backups backups(*index_);
  setpriority(PRIO_PROCESS, 0, kBackupNiceness);  // of this thread alone, on Linux
  SteadyTime next_try = clock_.steady_now();
  std::unique_lock lock(stop_mutex_);
  for (; !stopping_; stop_changed_.wait_for(lock, kBackupLook, [this] { return stopping_.load(); })) {
    const auto newest = index::Backups::newest(directory);
    const WallTime now = clock_.now();
    if (clock_.steady_now() < next_try || (newest && *newest <= now && now - *newest < every)) continue;
    lock.unlock();
    const auto made = backups.make(directory, keep, [this] { return !stopping_; });
    lock.lock();
    next_try = clock_.steady_now() + kBackupRetry;
    if (made) {
      spdlog::info("backup: {}", made->native());
    } else if (made.error().kind != ErrorKind::cancelled) {
      spdlog::error("backup: {}; the older ones are kept, tried again in {} min", made.error().message,
                    kBackupRetry.count());
    }
  }
}

Context App::context() {
  return {settings_, clock_, *index_, *reader_, *capture_, [this] { return recorder_->status(); }};
}

void App::serve() {
  if (serving_ || !capture_ || clock_.steady_now() < next_attempt_) return;
  if (!server_) server_ = std::make_unique<Server>(context());
  if (auto started = server_->start(); !started) {
    next_attempt_ = clock_.steady_now() + kBetweenAttempts;
    if (started.error().message != last_refusal_) {
      last_refusal_ = started.error().message;
      spdlog::error("server: {}; recording goes on, trying again every {} s", last_refusal_,
                    kBetweenAttempts.count());
    }
    return;
  }
  serving_ = true;
  // The token comes first: whoever waits for the address has then seen it.
  if (const std::string token = server_->first_sign_in_token(); !token.empty()) {
    fmt::print("first sign-in token: {}\n", token);
  }
  fmt::print("listening on {}\n", server_->url());
  std::fflush(stdout);
}

void App::turn() {
  serve();
  purge();
  if (serving_) {
    server_->serve_for(kTurn);
  } else {
    std::this_thread::sleep_for(kTurn);
  }
  if (capture_) capture_->tick();
}

/// Has footage whose time is over deleted, one bounded turn of Index::purge at a time, on the server's pool.
void App::purge() {
  if (!server_ || stopping_ || purging_) return;
  const SteadyTime now = clock_.steady_now();
  if (!clock_jumped() && now - last_purge_ < (more_to_purge_ ? kBetweenBusyPurges : kBetweenPurges)) return;
  purging_ = true;
  last_purge_ = now;
  server_->run_in_background([this] {
    purge_turn();
    purging_ = false;
  });
}

/// What is recorded by a clock that jumped must be known as such: the purge looks at it at once.
bool App::clock_jumped() {
  const Duration offset = clock_.now().time_since_epoch() -
                          std::chrono::duration_cast<Duration>(clock_.steady_now().time_since_epoch());
  if (std::chrono::abs(offset - clock_offset_) < kJump) return false;
  clock_offset_ = offset;
  return true;
}

void App::purge_turn() {
  if (stopping_) return;
  const auto turn = index_->purge(*remover_, settings_.retention.days, index::PurgeLimits{});
  more_to_purge_ = turn && turn->more;
  if (!turn) spdlog::error("purge: {}; tried again in {} s", turn.error().message, kBetweenPurges.count());
}

void App::stop() {
  if (!index_) return;
  const StopDeadline deadline;
  {
    const std::lock_guard lock(stop_mutex_);
    stopping_ = true;
  }
  stop_changed_.notify_all();
  index_->cancel_verify();
  if (feeds_) feeds_->stop_soon();
  if (server_) server_->stop();
  serving_ = false;
  if (capture_) capture_->stop();
  if (recorder_) recorder_->stop();
  if (backlog_.joinable()) backlog_.join();
  feeds_.reset();
  server_.reset();
  capture_.reset();
  recorder_.reset();
  reader_.reset();
  remover_.reset();
  index_.reset();
}

int App::run(const sigset_t& stop_signals) {
  spdlog::info("mingjingd {}: hall {}, {} cameras, {} workstations", version(), settings_.hall.id,
               settings_.cameras.size(), settings_.workstations.size());
  if (auto started = start(); !started) {
    spdlog::error("cannot start: {}", started.error().message);
    return kExitNoIndex;
  }
  notify_service_manager("READY=1");
  int signal = -1;
  while (signal < 0) {
    turn();
    constexpr timespec kNow{};
    signal = sigtimedwait(&stop_signals, nullptr, &kNow);
  }
  spdlog::info("stop: signal {}", signal);
  notify_service_manager("STOPPING=1");
  stop();
  spdlog::info("stopped");
  return 0;
}

}  // namespace mj::server
