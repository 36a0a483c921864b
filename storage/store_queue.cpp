#include "storage/store_queue.h"

namespace mj::storage {

namespace {

std::size_t payload_of(const Job& job) {
  const auto* fragment = std::get_if<capture::Fragment>(&job.what);
  return fragment != nullptr ? fragment->bytes->size() : 0;
}

}  // namespace

bool StoreQueue::try_push(Job& job) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    const std::size_t payload = payload_of(job);
    const bool fragment = std::holds_alternative<capture::Fragment>(job.what);
    if (fragment && (jobs_.size() >= limits_.items || payload > limits_.bytes - bytes_)) return false;
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

}  // namespace mj::storage
