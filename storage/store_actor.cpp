#include "storage/store_actor.h"

namespace mj::storage {

namespace {

// Of the 10 s that a stop may take.
constexpr Duration kDrainFor = std::chrono::seconds(5);
constexpr Duration kCloseUntil = std::chrono::seconds(9);
constexpr Duration kBehind = std::chrono::seconds(8);  // so that people know within ten

std::string behind_sentence(Duration late) {
  return fmt::format("nothing became durable for {} s: the disk does not answer or is far too slow",
                     std::chrono::floor<std::chrono::seconds>(late).count());
}

}  // namespace

StoreActor::StoreActor(const config::Store& store, const config::Storage& rules, FileSystem& files,
                       const Clock& clock, Outlet& outlet, std::function<void(StreamDesk&)> done)
    : id_(store.id),
      clock_(clock),
      done_(std::move(done)),
      queue_(QueueLimits{}),
      writer_(store, rules, files, clock, outlet) {}

void StoreActor::start() {
  thread_ = std::thread([this] { run(); });
}

void StoreActor::wait_until_looked(Duration patience) {
  looked_.get_future().wait_for(patience);
}

void StoreActor::close() {
  closed_at_ = clock_.steady_now();
  queue_.close();
}

void StoreActor::join() {
  if (thread_.joinable()) thread_.join();
}

StoreStatus StoreActor::status() const {
  StoreStatus status = writer_.status();
  status.queued = queue_.size();
  status.refused = queue_.refused();
  if (const auto late = behind(); late && status.writable) {
    status.writable = false;
    status.detail = behind_sentence(*late);
  }
  return status;
}

bool StoreActor::offer(Job& job) {
  job.taken = clock_.steady_now();
  return queue_.try_push(job);
}

std::optional<Duration> StoreActor::behind() const {
  const SteadyTime now = clock_.steady_now();
  SteadyTime since = queue_.oldest().value_or(now);
  if (const SteadyTime::rep busy = busy_since_.load(); busy != 0) {
    since = std::min(since, SteadyTime{SteadyTime::duration{busy}});
  }
  const auto late = std::chrono::duration_cast<Duration>(now - since);
  return late >= kBehind ? std::optional(late) : std::nullopt;
}

void StoreActor::be_busy() {
  busy_since_.store(clock_.steady_now().time_since_epoch().count());
}

void StoreActor::run() {
  name_thread(("store-" + id_).substr(0, 15).c_str());
  writer_.tick();
  looked_.set_value();
  while (true) {
    auto job = queue_.pop(writer_.until_due());
    if (!job && queue_.closed()) break;
    be_busy();
    if (job) handle(std::move(*job));
    writer_.tick();
    be_idle();
  }
  writer_.close_all(closed_at_ + kCloseUntil);
}

void StoreActor::handle(Job job) {
  StreamTail& tail = job.stream->tail;
  if (auto* outage = std::get_if<capture::Outage>(&job.what)) {
    writer_.outage(tail, std::move(*outage));
  } else if (auto* refusal = std::get_if<Refusal>(&job.what)) {
    writer_.refused(tail, std::move(refusal->outage));
  } else {
    const auto& fragment = std::get<capture::Fragment>(job.what);
    if (late(kDrainFor)) {
      writer_.refused(tail,
                      {tail.key, fragment.start, GapCause::shutdown, "stopped before it could be written"});
    } else {
      writer_.append(tail, fragment);
    }
  }
  done_(*job.stream);
}

bool StoreActor::late(Duration after_close) const {
  return queue_.closed() && clock_.steady_now() > closed_at_ + after_close;
}

}  // namespace mj::storage
