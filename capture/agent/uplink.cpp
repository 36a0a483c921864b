#include "capture/agent/uplink.h"

namespace mj::agent {

namespace {

constexpr std::size_t kFirstBatch = std::size_t{1} << 20;
constexpr std::size_t kLeastBatch = std::size_t{64} << 10;
constexpr std::size_t kMostBatch = std::size_t{8} << 20;
/// All from a key shot on fits, because the spool takes no more after one (spool.cpp, kMostSinceKey).
constexpr std::size_t kWithKey = (std::size_t{31} << 20) + (std::size_t{64} << 10);
constexpr Duration kQuick = std::chrono::seconds(2);
constexpr Duration kHeartbeat = std::chrono::seconds(60);
constexpr Duration kWhenDenied = std::chrono::seconds(20);
constexpr Duration kWhenRevoked = std::chrono::minutes(5);
constexpr Duration kSessionAtLeast = std::chrono::minutes(1);
constexpr int kTimesMalformed = 3;

Error error_of(const Answer& answer) {
  const bool denied = answer.status == 401 || answer.status == 403;
  return {denied ? ErrorKind::denied : ErrorKind::unavailable,
          fmt::format("the server answers {}{}{}", answer.status, answer.sentence.empty() ? "" : ": ",
                      answer.sentence)};
}

}  // namespace

Result<std::unique_ptr<Uplink>> Uplink::start(UplinkSettings settings, const Clock& clock, Spool& spool,
                                              Timekeeper& timekeeper) {
  MJ_TRY(auto api, ServerApi::create(settings.server, settings.ca_file, settings.timeout, timekeeper));
  return std::unique_ptr<Uplink>(new Uplink(std::move(settings), clock, spool, timekeeper, std::move(api)));
}

Uplink::Uplink(UplinkSettings settings, const Clock& clock, Spool& spool, Timekeeper& timekeeper,
               std::unique_ptr<ServerApi> api)
    : settings_(std::move(settings)),
      clock_(clock),
      spool_(spool),
      timekeeper_(timekeeper),
      api_(std::move(api)),
      batch_bytes_(kFirstBatch),
      bucket_(settings_.bytes_per_second),
      random_(std::random_device{}()),
      thread_([this] { run(); }) {}

Uplink::~Uplink() {
  stopping_ = true;
  api_->cancel();
  wake();
  thread_.join();
}

void Uplink::wake() {
  {
    const std::lock_guard lock(mutex_);
    ++news_;
  }
  changed_.notify_all();
}

bool Uplink::drain(Duration patience) {
  const auto all_taken = [&] { return state_.position.next >= spool_.state().next; };
  wake();
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, all_taken);
}

UplinkState Uplink::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void Uplink::run() {
  name_thread("uplink");
  while (!stopping_) {
    const uint64_t seen = news();
    const auto pause = step();
    if (pause) {
      rest(*pause);
    } else if (!wait_for_news(seen)) {
      position_known_ = false;  // asking for it says that this agent lives
    }
  }
}

uint64_t Uplink::news() const {
  const std::lock_guard lock(mutex_);
  return news_;
}

/// False: a heartbeat's time has passed and there was none.
bool Uplink::wait_for_news(uint64_t seen) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kHeartbeat, [&] { return stopping_ || news_ != seen; });
}

/// News cut no pause short: it is the server that needs it.
void Uplink::rest(Duration time) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, time, [&] { return stopping_.load(); });
}

/// One request at most. How long to wait before the next; nothing: until there is something to send.
std::optional<Duration> Uplink::step() {
  if (!signed_in_) return sign_in();
  if (!position_known_) return ask_position();
  return send();
}

Duration Uplink::sign_in() {
  const auto answer = api_->sign_in(settings_.workstation, settings_.key);
  if (!answer) return failed(answer.error(), Duration::zero());
  signed_in_ = answer->status == 200;
  if (signed_in_) return Duration::zero();
  const bool revoked = answer->status == 403;
  const Duration pause =
      failed(error_of(*answer), std::max(answer->retry_after, revoked ? kWhenRevoked : Duration::zero()));
  const std::lock_guard lock(mutex_);
  state_.revoked = revoked;  // last: who sees it finds the sentence beside it
  return pause;
}

Duration Uplink::ask_position() {
  const auto answer = api_->position();
  if (!answer) return failed(answer.error(), Duration::zero());
  if (answer->status != 200 || !answer->position) return refused(*answer, 0);
  if (const auto taken = take(*answer->position); !taken) return failed(taken.error(), Duration::zero());
  good();
  return Duration::zero();
}

/// What to send next: from `next` on, or from the key shot that makes it decodable.
Result<Batch> Uplink::next_batch() {
  const uint64_t next = position_.next;
  if (spool_.state().next <= next) return Batch{};
  if (!position_.key_wanted) return spool_.read(next, batch_bytes_);
  const auto begin = spool_.begin_for(next);
  if (!begin) return Batch{};
  return spool_.read(*begin, *begin < next ? kWithKey : batch_bytes_);
}

std::optional<Duration> Uplink::send() {
  if (const Duration owed = bucket_.wait(clock_.steady_now()); owed > Duration::zero()) return owed;
  const auto batch = next_batch();
  if (!batch) return failed(batch.error(), Duration::zero());
  if (batch->first == 0) return std::nullopt;
  const SteadyTime begin = clock_.steady_now();
  const auto answer = api_->send(batch->first, batch->bytes);
  const SteadyTime end = clock_.steady_now();
  bucket_.sent(batch->bytes.size(), end);
  return judge(answer, batch->bytes.size(), std::chrono::duration_cast<Duration>(end - begin));
}

Duration Uplink::judge(const Result<Answer>& answer, std::size_t bytes, Duration took) {
  if (!answer) {
    batch_bytes_ = std::max(batch_bytes_ / 2, kLeastBatch);
    return failed(answer.error(), Duration::zero());
  }
  const bool readable = answer->position.has_value();
  if (readable && (answer->status == 200 || (answer->status == 409 && *answer->position != position_))) {
    if (took < kQuick && bytes >= batch_bytes_ / 2) batch_bytes_ = std::min(batch_bytes_ * 2, kMostBatch);
    if (const auto taken = take(*answer->position); !taken) return failed(taken.error(), Duration::zero());
    times_malformed_ = 0;
    good();
    return Duration::zero();
  }
  return refused(*answer, bytes);
}

Duration Uplink::refused(const Answer& answer, std::size_t bytes) {
  if (answer.status == 401) {  // the session is over, as it is once an hour
    signed_in_ = position_known_ = false;
    const SteadyTime now = clock_.steady_now();
    const bool again = now - std::exchange(last_401_, now) < kSessionAtLeast;
    return again ? failed(error_of(answer), kWhenDenied) : Duration::zero();
  }
  if (answer.position) {
    if (answer.position->next > position_.next) backoff_.reset();  // a part was taken
    if (const auto taken = take(*answer.position); !taken) return failed(taken.error(), Duration::zero());
  } else {
    position_known_ = false;
  }
  const bool too_long = answer.status == 413 && bytes > kLeastBatch;
  if (too_long) batch_bytes_ = std::max(bytes / 2, kLeastBatch);
  if (answer.status == 400 || (answer.status == 413 && !too_long)) malformed();
  return failed(error_of(answer),
                std::max(answer.retry_after, answer.status == 403 ? kWhenDenied : Duration::zero()));
}

/// What the server will not take must not hold up all that comes after it for ever. It has taken what came
/// before, so what it means is the number it wants next.
void Uplink::malformed() {
  times_malformed_ = malformed_ == position_.next ? times_malformed_ + 1 : 1;
  malformed_ = position_.next;
  if (times_malformed_ < kTimesMalformed) return;
  spdlog::error("uplink: the server refuses entry {} for good", malformed_);
  spool_.give_up(malformed_);
  times_malformed_ = 0;
  const std::lock_guard lock(mutex_);
  ++state_.refused;
}

Duration Uplink::failed(const Error& error, Duration at_least) {
  if (error.kind == ErrorKind::cancelled) return Duration::zero();
  if (error.kind != ErrorKind::denied) position_known_ = false;
  const double random = static_cast<double>(random_() - std::minstd_rand::min()) / std::minstd_rand::max();
  const Duration pause = std::max(backoff_.next(random), at_least);
  trouble_.is(error);
  const std::lock_guard lock(mutex_);
  state_.trouble = error.message;
  return pause;
}

Result<void> Uplink::take(const Position& position) {
  if (!position_known_) MJ_CHECK(spool_.continue_at(position.next));
  position_ = position;
  position_known_ = true;
  spool_.release(position.durable);
  const std::lock_guard lock(mutex_);
  state_.position = position;
  return {};
}

void Uplink::good() {
  backoff_.reset();
  trouble_.over();
  {
    const std::lock_guard lock(mutex_);
    state_.reached = timekeeper_.now().at;
    state_.trouble.clear();
    state_.revoked = false;
  }
  changed_.notify_all();
}

}  // namespace mj::agent
