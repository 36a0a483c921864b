#pragma once

#include <map>
#include <mutex>
#include <variant>

#include "storage/file_system.h"
#include "storage/storage.h"

/// Synthetic runs and fragments whose bytes follow from stream and time alone, so that another process can
/// tell whether it reads what was written; and an outlet that remembers.
namespace mj::storage {

inline const WallTime kStart = from_us(1'795'225'512'345'678);  // 2026-11-21 01:45 UTC

[[nodiscard]] std::shared_ptr<const capture::Run> make_run(const StreamKey& stream, WallTime start,
                                                           bool audio = false);

struct FragmentShape {
  Duration length = std::chrono::seconds(1);
  bool key = true;
  std::size_t payload = 3000;  ///< video bytes in mdat
  bool audio = false;
  std::optional<std::string> shot;  ///< payload of the shot's box
};
[[nodiscard]] capture::Fragment make_fragment(const std::shared_ptr<const capture::Run>& run, WallTime start,
                                              const FragmentShape& shape = {});
/// What the file of a segment that begins at `segment_start` must hold of it.
[[nodiscard]] Bytes as_written(const capture::Fragment& fragment, WallTime segment_start);

class FakeClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return kStart; }
  [[nodiscard]] SteadyTime steady_now() const override { return SteadyTime{} + Duration{us_.load()}; }
  void advance(Duration by) { us_ += by.count(); }

 private:
  std::atomic<int64_t> us_ = 1;
};

/// Remembers what it was told, in order.
class Memory final : public Outlet {
 public:
  using Event = std::variant<SegmentOpened, FragmentDurable, SegmentClosed, capture::Outage>;
  void on_segment_opened(SegmentOpened opened) override { add(std::move(opened)); }
  void on_fragment_durable(FragmentDurable durable) override { add(std::move(durable)); }
  void on_segment_closed(SegmentClosed closed) override { add(std::move(closed)); }
  void on_outage(capture::Outage outage) override { add(std::move(outage)); }

  [[nodiscard]] std::vector<Event> events() const {
    const std::lock_guard lock(mutex_);
    return events_;
  }
  template <class T>
  [[nodiscard]] std::vector<T> all() const {
    std::vector<T> found;
    for (const Event& event : events()) {
      if (const T* one = std::get_if<T>(&event)) found.push_back(*one);
    }
    return found;
  }
  /// "oddc!": opened, durable, closed, outage. For telling orders.
  [[nodiscard]] std::string story() const;
  /// Blocks until `what` holds of the events; false after 20 s.
  bool wait_for(const std::function<bool(const std::vector<Event>&)>& what);

 private:
  void add(Event event);
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Event> events_;
};

/// Every fragment that was handed in, and what became of it.
class Witness {
 public:
  void handed_in(const capture::Fragment& fragment);
  /// Everything acknowledged lies in the tree as it was sent, under either name. Returns complaints.
  [[nodiscard]] std::vector<std::string> missing(const Tree& tree, const Memory& memory) const;
  /// Everything not acknowledged is covered by an outage that began at or before it. Returns complaints.
  [[nodiscard]] std::vector<std::string> silent(const Memory& memory) const;

 private:
  std::map<std::pair<StreamKey, WallTime>, capture::Fragment> fragments_;
};

}  // namespace mj::storage
