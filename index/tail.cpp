#include "index/tail.h"

#include <algorithm>

namespace mj::index {

StreamKind kind_of_key(const StreamKey& key) {
  if (key.ends_with(".screen")) return StreamKind::screen;
  if (key.ends_with(".sub")) return StreamKind::sub;
  return StreamKind::main;
}

Tail::Stream& Tail::stream(const StreamKey& key) {
  return streams_.try_emplace(key, kind_of_key(key)).first->second;
}

const Tail::Stream* Tail::find(const StreamKey& key) const {
  const auto found = streams_.find(key);
  return found == streams_.end() ? nullptr : &found->second;
}

std::vector<NumberedChange> Tail::numbered(Stream& stream, std::vector<GapChange> changes) {
  std::vector<NumberedChange> result;
  result.reserve(changes.size());
  for (auto& change : changes) result.push_back({next_number_++, std::move(change)});
  stream.pending.insert(stream.pending.end(), result.begin(), result.end());
  return result;
}

void Tail::resume(const StreamEnd& end) {
  MutexLock lock(mutex_);
  Stream& owner = streams_.try_emplace(end.stream.key, end.stream.kind).first->second;
  owner.ledger.resume(end.footage_end, end.accounted, end.open_gap);
}

void Tail::segment_opened(storage::SegmentOpened opened) {
  MutexLock lock(mutex_);
  const WallTime start = opened.segment.start;
  Stream& owner = stream(opened.segment.stream);
  owner.segments[start] = {
      std::move(opened.segment), std::move(opened.run), opened.header_bytes, opened.header_bytes, start, {}};
}

std::vector<NumberedChange> Tail::fragment_durable(const storage::FragmentDurable& durable) {
  MutexLock lock(mutex_);
  Stream& owner = stream(durable.segment.stream);
  const auto live = owner.segments.find(durable.segment.start);
  if (live != owner.segments.end()) {
    live->second.fragments.push_back(durable.place);
    live->second.durable_bytes = durable.place.offset + durable.place.bytes;
    live->second.end = std::max(live->second.end, durable.place.end);
  }
  return numbered(owner, owner.ledger.on_footage(durable.place.start, durable.place.end));
}

std::optional<LiveSegment> Tail::segment_closed(const storage::SegmentClosed& closed) {
  MutexLock lock(mutex_);
  Stream& owner = stream(closed.segment.stream);
  const auto live = owner.segments.find(closed.segment.start);
  if (live == owner.segments.end()) return std::nullopt;
  LiveSegment& segment = live->second;
  if (closed.fragments.empty()) {  // nothing of it is durable: there is no file to name
    owner.segments.erase(live);
    return std::nullopt;
  }
  segment.segment = closed.segment;
  segment.fragments = closed.fragments;
  segment.durable_bytes = closed.bytes;
  segment.end = closed.end;
  return segment;
}

std::vector<NumberedChange> Tail::outage(const capture::Outage& outage) {
  MutexLock lock(mutex_);
  Stream& owner = stream(outage.stream);
  return numbered(owner, outage.attested ? owner.ledger.on_attested(outage.begin, outage.cause, outage.detail)
                                         : owner.ledger.on_outage(outage.begin, outage.cause, outage.detail));
}

std::vector<NumberedChange> Tail::recovered(const StreamKey& key,
                                            const std::vector<storage::FragmentPlace>& places) {
  MutexLock lock(mutex_);
  Stream& owner = stream(key);
  std::vector<NumberedChange> all;
  for (const auto& place : places) {
    auto changes = numbered(owner, owner.ledger.on_footage(place.start, place.end));
    all.insert(all.end(), std::make_move_iterator(changes.begin()), std::make_move_iterator(changes.end()));
  }
  return all;
}

void Tail::forget_segment(const StreamKey& key, WallTime start) {
  MutexLock lock(mutex_);
  stream(key).segments.erase(start);
}

void Tail::forget_change(const StreamKey& key, uint64_t number) {
  MutexLock lock(mutex_);
  std::erase_if(stream(key).pending, [number](const auto& change) { return change.number == number; });
}

TailView Tail::view(const StreamKey& key, WallTime from, WallTime to) const {
  MutexLock lock(mutex_);
  TailView view;
  const Stream* owner = find(key);
  if (owner == nullptr) return view;
  view.known = true;
  for (const auto& [start, segment] : owner->segments) {
    if (start < to && segment.end > from) view.segments.push_back(segment);
  }
  for (const auto& change : owner->pending) view.pending.push_back(change.change);
  view.footage_end = owner->ledger.footage_end();
  view.open_gap = owner->ledger.open_gap();
  view.patience = owner->ledger.patience();
  return view;
}

std::optional<LiveSegment> Tail::segment(const StreamKey& key, WallTime start) const {
  MutexLock lock(mutex_);
  const Stream* owner = find(key);
  if (owner == nullptr) return std::nullopt;
  const auto found = owner->segments.find(start);
  if (found == owner->segments.end()) return std::nullopt;
  return found->second;
}

std::shared_ptr<const capture::Run> Tail::run(const StreamKey& key, WallTime run_start) const {
  MutexLock lock(mutex_);
  const Stream* owner = find(key);
  if (owner == nullptr) return nullptr;
  for (const auto& [start, segment] : owner->segments) {
    if (segment.run && segment.run->start == run_start) return segment.run;
  }
  return nullptr;
}

}  // namespace mj::index
