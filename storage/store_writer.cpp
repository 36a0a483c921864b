#include "storage/store_writer.h"

#include <algorithm>
#include <iterator>

#include "storage/inspect.h"

namespace mj::storage {

namespace {

constexpr Duration kCheckInterval = std::chrono::seconds(2);
constexpr Duration kHole = std::chrono::milliseconds(100);
constexpr int kFailuresBeforeDiskIsBad = 3;
// From so many files on, one syncfs is cheaper than their fdatasyncs: each of those waits for the disk.
constexpr std::size_t kGroup = 4;

bool is_screen(const StreamTail& tail) {
  return tail.key.ends_with(".screen");
}

/// A camera's frames follow each other closely; a shot stands for as long as the agent says, and may be a
/// cadence late.
Duration tolerated_hole(const StreamTail& tail) {
  return is_screen(tail) ? 2 * tail.last : kHole;
}

bool has_hole(const StreamTail& tail, const capture::Fragment& fragment) {
  return fragment.start - tail.end > tolerated_hole(tail);
}

/// Number of the agent's entry that a fragment is; 0: none.
uint64_t entry_of(const capture::Fragment& fragment) {
  return fragment.shot ? fragment.shot->entry.number : 0;
}

double seconds(Duration d) {
  return std::chrono::duration<double>(d).count();
}

}  // namespace

void StoreWriter::append(StreamTail& tail, const capture::Fragment& fragment) {
  if (comes_after_loss(tail, entry_of(fragment))) return settle();
  if (tail.open && must_end(tail, fragment)) close(tail);
  if (!disk_.writable()) {
    lose(tail, entry_of(fragment));
    gap(tail, fragment.start, disk_.cause(), disk_.detail());
  } else if (tail.needs_key && !fragment.key) {
    lose(tail, entry_of(fragment));
  } else {
    if (has_hole(tail, fragment)) {
      gap(tail, tail.end, GapCause::stalled,
          fmt::format("no frames for {:.1f} s on a live connection", seconds(fragment.start - tail.end)));
    }
    if (auto written = write(tail, fragment); !written) write_failed(tail, fragment, written.error());
  }
  settle();
}

bool StoreWriter::must_end(const StreamTail& tail, const capture::Fragment& fragment) const {
  const SegmentWriter& open = *tail.open;
  if (fragment.run->start != open.run()->start || open.fragments() == kMaxFragments) return true;
  // A hole must show as the end of a file whether or not the next fragment can be decoded, because files
  // alone rebuild the index.
  if (has_hole(tail, fragment)) return true;
  const Duration age = fragment.start - open.segment().start;
  // Most shots lean on the ones before, back to a key shot minutes ago: a file that began between two key
  // shots could not be opened. And a shot taken early, because the window changed, ends the one before it; it
  // is no step back.
  if (is_screen(tail)) {
    const bool back = fragment.start < tail.end - tail.last;
    return back || (fragment.key && age >= rules_.segment_duration);
  }
  if (fragment.start < tail.end - kHole) return true;
  return age >= 2 * rules_.segment_duration || (fragment.key && age >= rules_.segment_duration);
}

Result<void> StoreWriter::open_segment(StreamTail& tail, const capture::Fragment& fragment) {
  SegmentRef segment{disk_.store().id, tail.key, fragment.start, true};
  MJ_CHECK(disk_.prepare_directory(segment));
  MJ_TRY(tail.open, SegmentWriter::create(disk_.tree(), std::move(segment), fragment.run, tail.previous));
  tail.announced = false;
  open_.push_back(&tail);
  return {};
}

Result<void> StoreWriter::write(StreamTail& tail, const capture::Fragment& fragment) {
  if (!tail.open) MJ_CHECK(open_segment(tail, fragment));
  MJ_CHECK(tail.open->append(fragment));
  tail.end = fragment.end;
  tail.last = fragment.end - fragment.start;
  tail.gap_open = false;
  tail.needs_key = false;
  return {};
}

void StoreWriter::write_failed(StreamTail& tail, const capture::Fragment& fragment, const Error& error) {
  tail.needs_key = true;
  // What cannot be written however often it comes is not asked for again.
  if (error.kind != ErrorKind::invalid) lose(tail, entry_of(fragment));
  if (error.kind == ErrorKind::invalid) {
    // Nothing reached the disk: either the fragment is malformed, or a file with this start exists and is not
    // ours to replace.
    const GapCause cause = tail.open ? GapCause::unsupported : GapCause::clock_step;
    if (tail.open) close(tail);
    gap(tail, fragment.start, cause, error.message);
    return;
  }
  if (error.kind == ErrorKind::no_space) {
    disk_.mark_full();
    if (tail.open && tail.open->cut_torn_tail()) close(tail);
  } else if (!tail.open) {
    disk_.mark_failed(error);  // not even a new file
  }
  if (tail.open) give_up(tail, error);
  gap(tail, fragment.start, disk_.writable() ? GapCause::disk_error : disk_.cause(), error.message);
}

void StoreWriter::sync_all() {
  // A copy: a segment that is given up leaves open_.
  std::vector<StreamTail*> grown;
  std::ranges::copy_if(open_, std::back_inserter(grown),
                       [](const StreamTail* tail) { return tail->open && tail->open->has_pending(); });
  if (grown.size() >= kGroup && sync_group(grown)) return;
  for (StreamTail* tail : grown) static_cast<void>(sync(*tail));
}

/// False: something of the disk's was lost, and each file has to be asked whether it was of its own.
bool StoreWriter::sync_group(const std::vector<StreamTail*>& grown) {
  if (!disk_.writable() || !disk_.tree()->sync_all()) return false;
  for (StreamTail* tail : grown) tell_durable(*tail, tail->open->synced());
  return true;
}

/// False: the segment was given up.
bool StoreWriter::sync(StreamTail& tail) {
  auto durable = tail.open->sync();
  if (!durable) {
    give_up(tail, durable.error());
    return false;
  }
  tell_durable(tail, std::move(*durable));
  return true;
}

void StoreWriter::tell_durable(StreamTail& tail, std::vector<SegmentWriter::Durable> durable) {
  if (durable.empty()) return;
  failures_ = 0;
  const SegmentWriter& open = *tail.open;
  if (!std::exchange(tail.announced, true)) {
    outlet_.on_segment_opened({open.segment(), open.run(), open.header_bytes()});
  }
  for (SegmentWriter::Durable& fragment : durable) {
    outlet_.on_fragment_durable({open.segment(), fragment.place, std::move(fragment.shot)});
  }
}

void StoreWriter::close(StreamTail& tail) {
  if (!sync(tail)) return;
  if (!tail.open->has_durable()) {
    static_cast<void>(take_open(tail)->abandon());  // an empty segment leaves no trace
    return;
  }
  auto closed = tail.open->finish();
  if (!closed) {
    give_up(tail, closed.error());
    return;
  }
  static_cast<void>(take_open(tail));
  tell_closed(tail, std::move(*closed));
}

std::unique_ptr<SegmentWriter> StoreWriter::take_open(StreamTail& tail) {
  std::erase(open_, &tail);
  return std::move(tail.open);
}

/// The segment is suspect for ever (storage law 3); the stream goes on in a new file.
void StoreWriter::give_up(StreamTail& tail, const Error& error) {
  const std::unique_ptr<SegmentWriter> open = take_open(tail);
  const bool lost = open->has_pending();
  lose(tail, open->first_pending_entry());
  SegmentClosed closed = open->abandon();
  spdlog::error("store {}: a segment of {} is suspect: {}", disk_.store().id, tail.key, error.message);
  const WallTime end = closed.end;
  if (!closed.fragments.empty()) tell_closed(tail, std::move(closed));
  if (lost) {
    tail.end = end;
    tail.needs_key = true;
    gap(tail, end, GapCause::disk_error, error.message);
  }
  if (error.kind == ErrorKind::no_space) {
    disk_.mark_full();
  } else {
    count_failure(error);
  }
}

void StoreWriter::tell_closed(StreamTail& tail, SegmentClosed closed) {
  tail.previous = closed.sha256;
  outlet_.on_segment_closed(std::move(closed));
}

void StoreWriter::gap(StreamTail& tail, WallTime begin, GapCause cause, std::string detail) {
  if (std::exchange(tail.gap_open, true)) return;
  outlet_.on_outage({tail.key, begin, cause, std::move(detail)});
}

/// Asks for the number that was lost again, and forgets the loss when it comes.
bool StoreWriter::comes_after_loss(StreamTail& tail, uint64_t entry) {
  const uint64_t lost = tail.lost_from;
  if (lost == 0 || entry == 0) return false;
  if (entry <= lost) tail.lost_from = 0;
  return entry > lost;
}

void StoreWriter::lose(StreamTail& tail, uint64_t entry) {
  const uint64_t lost = tail.lost_from;
  if (entry != 0 && (lost == 0 || entry < lost)) tail.lost_from = entry;
}

void StoreWriter::outage(StreamTail& tail, capture::Outage outage) {
  if (outage.attested && comes_after_loss(tail, outage.attested->number)) return settle();
  if (tail.open) close(tail);
  tail.gap_open = true;
  outlet_.on_outage(std::move(outage));
  settle();
}

void StoreWriter::refused(StreamTail& tail, capture::Outage outage) {
  if (tail.open) close(tail);
  gap(tail, outage.begin, outage.cause, std::move(outage.detail));
  tail.needs_key = true;
  settle();
}

/// One bad file is a bad file, three in a row are a bad disk.
void StoreWriter::count_failure(const Error& error) {
  if (++failures_ < kFailuresBeforeDiskIsBad || !disk_.writable()) return;
  failures_ = 0;
  disk_.mark_failed(error);
}

void StoreWriter::tick() {
  const SteadyTime now = clock_.steady_now();
  if (!synced_ || now - *synced_ >= rules_.sync_interval) {
    sync_all();
    synced_ = clock_.steady_now();
  }
  if (!checked_ || now - *checked_ >= kCheckInterval) {
    disk_.check();
    checked_ = now;
  }
  settle();
}

Duration StoreWriter::until_due() const {
  if (!synced_ || !checked_) return Duration{0};
  const SteadyTime due = std::min(*synced_ + rules_.sync_interval, *checked_ + kCheckInterval);
  return std::max(Duration{0}, std::chrono::ceil<Duration>(due - clock_.steady_now()));
}

void StoreWriter::close_all(SteadyTime deadline) {
  while (!open_.empty() && clock_.steady_now() < deadline) close(*open_.back());
  for (StreamTail* tail : std::exchange(open_, {})) {
    spdlog::warn("store {}: no time to close a segment of {}; the next start recovers it", disk_.store().id,
                 tail->key);
    tail->open.reset();
  }
}

/// Last act of everything above: a store that may not be written has nothing open, and says so only then.
void StoreWriter::settle() {
  const bool writable = disk_.writable();
  while (!writable && !open_.empty()) close(*open_.back());
  cause_.store(disk_.cause());
  writable_.store(writable);
  const Space space = disk_.space();
  const std::lock_guard lock(status_mutex_);
  status_ = {disk_.store().id, disk_.store().path, writable, disk_.detail(),
             space.free_bytes, space.total_bytes,  0};
}

StoreStatus StoreWriter::status() const {
  const std::lock_guard lock(status_mutex_);
  return status_;
}

}  // namespace mj::storage
