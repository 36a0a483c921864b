#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <vector>

#include "capture/capture.h"

namespace mj::test {

/// Keeps all that capture hands on. Thread-safe.
class RecordingOutlet final : public capture::Outlet {
 public:
  [[nodiscard]] bool on_fragment(capture::Fragment fragment) override {
    {
      std::lock_guard lock(mutex_);
      if (refuse_) return false;
      fragments_.push_back(std::move(fragment));
    }
    changed_.notify_all();
    return true;
  }
  void on_outage(capture::Outage outage) override {
    {
      std::lock_guard lock(mutex_);
      outages_.push_back(std::move(outage));
    }
    changed_.notify_all();
  }

  void on_clock_offset(capture::ClockOffset offset) override {
    std::lock_guard lock(mutex_);
    clock_offsets_.push_back(std::move(offset));
  }

  void refuse(bool on) {
    std::lock_guard lock(mutex_);
    refuse_ = on;
  }
  [[nodiscard]] std::vector<capture::Fragment> fragments(const StreamKey& stream = {}) const {
    std::lock_guard lock(mutex_);
    std::vector<capture::Fragment> out;
    for (const auto& fragment : fragments_) {
      if (stream.empty() || fragment.run->stream == stream) out.push_back(fragment);
    }
    return out;
  }
  [[nodiscard]] std::vector<capture::Outage> outages() const {
    std::lock_guard lock(mutex_);
    return outages_;
  }
  [[nodiscard]] std::vector<capture::ClockOffset> clock_offsets() const {
    std::lock_guard lock(mutex_);
    return clock_offsets_;
  }
  /// Waits until `seen` holds for what has come so far.
  [[nodiscard]] bool wait_for(std::chrono::milliseconds patience, const std::function<bool()>& seen) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] {
      lock.unlock();
      const bool done = seen();
      lock.lock();
      return done;
    });
  }
  [[nodiscard]] bool wait_for_fragments(std::size_t count, const StreamKey& stream = {},
                                        std::chrono::milliseconds patience = std::chrono::seconds(15)) const {
    return wait_for(patience, [&] { return fragments(stream).size() >= count; });
  }
  [[nodiscard]] bool wait_for_outage(GapCause cause,
                                     std::chrono::milliseconds patience = std::chrono::seconds(15)) const {
    return wait_for(patience, [&] {
      for (const auto& outage : outages()) {
        if (outage.cause == cause) return true;
      }
      return false;
    });
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<capture::Fragment> fragments_;
  std::vector<capture::Outage> outages_;
  std::vector<capture::ClockOffset> clock_offsets_;
  bool refuse_ = false;
};

}  // namespace mj::test
