#pragma once

#include <optional>
#include <string>

#include "index/model.h"
#include "index/sqlite.h"

namespace mj::index {

/// How far a feed's clock seems to run ahead of ours, from one batch: the greatest (time said − time
/// arrived). What a feed tells at once arrives late by little, so the greatest is close below the truth. Kept
/// by the hour in `feed_clocks`, for people: nothing is dated by it. Thread and owner: one ingest.
class FeedClock {
 public:
  void note(const Event& event, WallTime arrived);
  [[nodiscard]] Result<void> keep(Database& database, const std::string& source, WallTime arrived) const;

 private:
  std::optional<Duration> ahead_;
  int64_t events_ = 0;
};

}  // namespace mj::index
