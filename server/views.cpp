#include "server/views.h"

#include <algorithm>

namespace mj::server {
namespace {

constexpr Duration kStands = std::chrono::minutes(10);
constexpr Duration kGrain = std::chrono::minutes(1);
constexpr std::size_t kMostOpened = 4096;
constexpr int64_t kLatestUs = 7'258'118'400'000'000;  // 2200-01-01

WallTime rounded_down(WallTime time) {
  const int64_t us = std::clamp(to_us(time), int64_t{0}, kLatestUs);
  return from_us(us - us % kGrain.count());
}
WallTime rounded_up(WallTime time) {
  const WallTime down = rounded_down(time);
  return down < time ? down + kGrain : down;
}

bool lies_within(const index::RegisterEntry& inner, const index::RegisterEntry& outer) {
  if (inner.login != outer.login || inner.stream != outer.stream || inner.action != outer.action ||
      inner.about != outer.about)
    return false;
  if (!inner.from || !inner.to || !outer.from || !outer.to)
    return inner.from == outer.from && inner.to == outer.to;
  return *outer.from <= *inner.from && *inner.to <= *outer.to;
}

index::RegisterEntry view_of(const Principal& who, const StreamKey& stream, WallTime from, WallTime to) {
  auto entry = entry_of(who, "view");
  entry.stream = stream;
  entry.from = rounded_down(from);
  entry.to = std::max(rounded_up(to), *entry.from + kGrain);
  return entry;
}

}  // namespace

index::RegisterEntry entry_of(const Principal& who, std::string_view action) {
  index::RegisterEntry entry;
  entry.login = who.account.login;
  entry.name = who.account.display_name;
  entry.action = action;
  return entry;
}

Result<void> Views::open(const Principal& who, const StreamKey& stream, WallTime from, WallTime to) {
  return open(view_of(who, stream, from, to));
}

Result<void> Views::open(index::RegisterEntry entry) {
  std::unique_lock lock(mutex_);
  for (auto found = find(entry); found != opened_.end(); found = find(entry)) {
    if (found->opening) {
      changed_.wait(lock);
      continue;
    }
    if (stands(*found)) return {};
    // They have gone on for so long: the whole stretch once more, not a row for each piece of it.
    entry = found->entry;
    opened_.erase(found);
    break;
  }
  const auto own = opened_.insert(opened_.end(), {entry, clock_.steady_now()});
  lock.unlock();
  auto noted = register_.note(std::move(entry));
  lock.lock();
  own->opening = false;
  if (!noted) opened_.erase(own);
  forget_oldest();
  changed_.notify_all();
  return noted;
}

bool Views::is_open(const Principal& who, const StreamKey& stream) {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(opened_, [&](const Opened& opened) {
    return opened.entry.login == who.account.login && opened.entry.stream == stream &&
           opened.entry.action == "view" && !opened.opening && stands(opened);
  });
}

Views::Place Views::find(const index::RegisterEntry& entry) {
  for (auto place = opened_.end(); place != opened_.begin();) {
    --place;
    if (lies_within(entry, place->entry)) return place;
  }
  return opened_.end();
}

bool Views::stands(const Opened& opened) const {
  return clock_.steady_now() - opened.at < kStands;
}

void Views::forget_oldest() {
  if (opened_.size() <= kMostOpened) return;
  const auto oldest = std::ranges::find(opened_, false, &Opened::opening);
  if (oldest != opened_.end()) opened_.erase(oldest);
}

}  // namespace mj::server
