#include "capture/rtsp/decode_times.h"

#include <algorithm>

namespace mj::capture::rtsp {
namespace {

constexpr std::size_t kDeepest = 16;

}  // namespace

void DecodeTimes::configure(int depth, int64_t frame_ticks) {
  depth_ = std::min<std::size_t>(static_cast<std::size_t>(std::max(depth, 0)), kDeepest);
  frame_ticks_ = std::max<int64_t>(frame_ticks, 1);
  reset();
}

void DecodeTimes::reset() {
  shown_.clear();
  any_ = false;
}

int64_t DecodeTimes::next(int64_t presentation) {
  if (!any_) {
    for (std::size_t i = depth_; i > 0; --i) {
      shown_.push_back(presentation - static_cast<int64_t>(i) * frame_ticks_);
    }
  }
  // A camera that shows pictures out of order without having said so has B pictures all the same.
  const bool backward = any_ && depth_ == 0 && presentation < shown_.back();
  if (backward) depth_ = 1;
  shown_.insert(std::upper_bound(shown_.begin(), shown_.end(), presentation), presentation);
  while (shown_.size() > depth_ + 1) shown_.erase(shown_.begin());
  const int64_t decode = any_ ? std::max(shown_.front(), last_ + 1) : shown_.front();
  any_ = true;
  last_ = decode;
  return decode;
}

}  // namespace mj::capture::rtsp
