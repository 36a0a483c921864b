#include "storage/store_queue.h"

namespace mj::storage {

namespace {

std::size_t payload_of(const Job& job) {
  const auto* fragment = std::get_if<capture::Fragment>(&job.what);
  return fragment != nullptr ? fragment->bytes->size() : 0;
}

StreamKind kind_of(const capture::Fragment& fragment) {
  if (!fragment.run || fragment.run->stream.ends_with(".main")) return StreamKind::main;
  return fragment.run->stream.ends_with(".sub") ? StreamKind::sub : StreamKind::screen;
}

/// How much of a limit a stream's fragments may fill.
std::size_t share(std::size_t limit, StreamKind kind) {
  switch (kind) {
    case StreamKind::main:
      return limit;
    case StreamKind::sub:
      return limit / 2;
    case StreamKind::screen:
      return limit + limit / 8;
  }
  return limit;
}

}  // namespace

bool StoreQueue::try_push(Job& job) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    const std::size_t payload = payload_of(job);
    if (const auto* fragment = std::get_if<capture::Fragment>(&job.what)) {
      const StreamKind kind = kind_of(*fragment);
      if (jobs_.size() >= share(limits_.items, kind) || bytes_ + payload > share(limits_.bytes, kind)) {
        ++refused_[static_cast<std::size_t>(kind)];
        return false;
      }
    }
    bytes_ += payload;
    jobs_.push_back(std::move(job));
  }
  ready_.notify_one();
  return true;
}

std::optional<Job> StoreQueue::pop(Duration timeout) {
  std::unique_lock lock(mutex_);
  ready_.wait_for(lock, timeout, [this] { return closed_ || !jobs_.empty(); });
  if (jobs_.empty()) return std::nullopt;
  std::optional<Job> job(std::move(jobs_.front()));
  jobs_.pop_front();
  bytes_ -= payload_of(*job);
  return job;
}

void StoreQueue::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  ready_.notify_all();
}

bool StoreQueue::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

std::size_t StoreQueue::size() const {
  const std::lock_guard lock(mutex_);
  return jobs_.size();
}

std::optional<SteadyTime> StoreQueue::oldest() const {
  const std::lock_guard lock(mutex_);
  return jobs_.empty() ? std::nullopt : std::optional(jobs_.front().taken);
}

std::array<uint64_t, 3> StoreQueue::refused() const {
  const std::lock_guard lock(mutex_);
  return refused_;
}

}  // namespace mj::storage
