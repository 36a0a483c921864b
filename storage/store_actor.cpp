#include "storage/store_actor.h"

namespace mj::storage {

namespace {

// Of the 10 s that a stop may take.
constexpr Duration kDrainFor = std::chrono::seconds(5);
constexpr Duration kCloseUntil = std::chrono::seconds(9);

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
  return status;
}

void StoreActor::run() {
  name_thread(("store-" + id_).substr(0, 15).c_str());
  writer_.tick();
  looked_.set_value();
  while (true) {
    if (auto job = queue_.pop(writer_.until_due())) {
      handle(std::move(*job));
    } else if (queue_.closed()) {
      break;
    }
    writer_.tick();
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
