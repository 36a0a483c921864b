#include "server/throttle.h"

#include <algorithm>

namespace mj::server {
namespace {

constexpr std::size_t kKeys = 10000;
constexpr std::chrono::seconds kFirstWait{5};
constexpr std::chrono::seconds kLongestWait{15 * 60};
constexpr std::chrono::hours kMemory{1};  // failures this long ago no longer count

}  // namespace

std::chrono::seconds Throttle::wait(const std::string& key) const {
  const auto it = entries_.find(key);
  if (it == entries_.end()) return std::chrono::seconds(0);
  const auto left = it->second.blocked_until - clock_.steady_now();
  return std::max(std::chrono::ceil<std::chrono::seconds>(left), std::chrono::seconds(0));
}

void Throttle::failed(const std::string& key) {
  const SteadyTime now = clock_.steady_now();
  if (entries_.size() >= kKeys && !entries_.contains(key)) forget_one();
  Entry& entry = entries_[key];
  if (entry.failures > 0 && now - entry.touched > kMemory) entry.failures = 0;
  entry.touched = now;
  ++entry.failures;
  if (entry.failures < free_failures_) return;
  const int doublings = std::min(entry.failures - free_failures_, 10);
  entry.blocked_until = now + std::min(kFirstWait * (1 << doublings), kLongestWait);
}

void Throttle::forget_one() {
  const auto oldest = std::min_element(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) {
    return a.second.touched < b.second.touched;
  });
  if (oldest != entries_.end()) entries_.erase(oldest);
}

}  // namespace mj::server
