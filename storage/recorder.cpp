#include <mutex>
#include <unordered_map>

#include "storage/placement.h"
#include "storage/storage.h"
#include "storage/store_actor.h"

namespace mj::storage {

namespace {
constexpr Duration kFirstLook = std::chrono::seconds(2);
}

/// The desk at which capture hands in: gives each stream to one store and accounts for what no store takes.
/// Threads: capture's call the two outlet functions, the stores' call done(). A stream changes stores only
/// when its store is not writable and has no job of it in hand: then nothing of it is open there
/// (StoreWriter::writable()), so that the outlet hears of a stream from one thread at a time and in order.
/// The exception: what waits behind a disk that does not answer is told from here, so that its gap is known
/// now. The store tells it again, in its place among the footage, when the disk answers.
struct Recorder::Impl {
  Impl(const config::Settings& settings, const Clock& clock, storage::Outlet& outlet, FileSystem& files)
      : next(outlet) {
    for (const config::Store& store : settings.stores) {
      actors.push_back(std::make_unique<StoreActor>(store, settings.storage, files, clock, outlet,
                                                    [this](StreamDesk& desk) { done(desk); }));
    }
    hangs.resize(actors.size());
  }

  bool take(capture::Fragment fragment) {
    const std::lock_guard lock(mutex);
    if (!running || actors.empty()) return false;
    StreamDesk& desk = placed_desk_of(fragment.run->stream);
    if (desk.refusing && !fragment.key) return false;
    const uint64_t lost = desk.tail.lost_from;
    if (lost != 0 && fragment.shot && fragment.shot->entry.number > lost) return false;
    move_if_needed(desk);
    look_at(desk.store);
    StoreActor& actor = *actors[desk.store];
    const WallTime start = fragment.start;
    if (!actor.writable()) {
      refuse(desk, {desk.tail.key, start, actor.cause(), actor.status().detail});
      return false;
    }
    if (hangs[desk.store]) {
      refuse(desk, {desk.tail.key, start, GapCause::disk_error, actor.status().detail});
      return false;
    }
    Job job{&desk, std::move(fragment)};
    if (!actor.offer(job)) {
      refuse(desk, {desk.tail.key, start, GapCause::overload,
                    fmt::format("{} fragments wait for store {}: its disk is too slow", actor.queue().size(),
                                actor.status().id)});
      return false;
    }
    desk.refusing = false;
    desk.last_word.reset();
    ++desk.waiting;
    return true;
  }

  void report(capture::Outage outage) {
    const std::lock_guard lock(mutex);
    if (!running || actors.empty()) return;
    StreamDesk& desk = placed_desk_of(outage.stream);
    look_at(desk.store);
    // The gap has a cause already, and nobody knows of it yet: a second cause for the same moment adds
    // nothing but memory.
    if (!outage.attested && desk.last_word && desk.waiting > 0) return;
    push_control(desk, Job{&desk, outage}, outage);
  }

  /// Once per episode.
  void refuse(StreamDesk& desk, capture::Outage outage) {
    if (std::exchange(desk.refusing, true)) return;
    spdlog::warn("{}: footage is refused: {}", outage.stream, outage.detail);
    push_control(desk, Job{&desk, Refusal{outage}}, outage);
  }

  void push_control(StreamDesk& desk, Job job, const capture::Outage& outage) {
    if (!actors[desk.store]->offer(job)) return;  // closed
    ++desk.waiting;
    if (outage.attested) return;  // an agent's entry: told once, in its place
    if (hangs[desk.store]) next.on_outage(outage);
    desk.last_word = outage;
  }

  /// Once the disk does not answer: tells what waits behind it.
  void look_at(std::size_t store) {
    const bool before = hangs[store];
    hangs[store] = actors[store]->behind().has_value();
    if (before || !hangs[store]) return;
    for (const auto& [key, desk] : desks) {
      if (desk.store != store || !desk.last_word || desk.waiting == 0) continue;
      capture::Outage word = *desk.last_word;
      if (desk.refusing) {  // what looked like a queue too short was this
        word.cause = GapCause::disk_error;
        word.detail = actors[store]->status().detail;
      }
      next.on_outage(std::move(word));
    }
  }

  void move_if_needed(StreamDesk& desk) {
    if (actors[desk.store]->writable() || desk.waiting > 0) return;
    place(desk);
  }

  /// At the first word of a stream: from then on a store may have jobs of it.
  StreamDesk& placed_desk_of(const StreamKey& stream) {
    StreamDesk& desk = desk_of(stream);
    if (!desk.placed) place(desk);
    return desk;
  }

  void place(StreamDesk& desk) {
    std::vector<std::size_t> streams(actors.size());
    for (const auto& [key, other] : desks) {
      if (other.placed && &other != &desk) ++streams[other.store];
    }
    if (const auto best = choose_store(statuses(), streams)) desk.store = *best;
    desk.placed = true;
  }

  void done(StreamDesk& desk) {
    const std::lock_guard lock(mutex);
    --desk.waiting;
  }

  StreamDesk& desk_of(StreamKey stream) {
    const auto [entry, is_new] = desks.try_emplace(std::move(stream));
    if (is_new) entry->second.tail.key = entry->first;
    return entry->second;
  }

  std::vector<StoreStatus> statuses() const {
    std::vector<StoreStatus> all;
    all.reserve(actors.size());
    for (const auto& actor : actors) all.push_back(actor->status());
    return all;
  }

  storage::Outlet& next;
  std::vector<std::unique_ptr<StoreActor>> actors;
  std::mutex mutex;
  bool running = false;                             ///< this and below: guarded by mutex
  std::vector<bool> hangs;                          ///< by store: its disk did not answer when last looked at
  std::unordered_map<StreamKey, StreamDesk> desks;  ///< nodes do not move: jobs point to them
};

Recorder::Recorder(const config::Settings& settings, const Clock& clock, storage::Outlet& outlet)
    : Recorder(settings, clock, outlet, posix_file_system()) {}

Recorder::Recorder(const config::Settings& settings, const Clock& clock, storage::Outlet& outlet,
                   FileSystem& files)
    : impl_(std::make_unique<Impl>(settings, clock, outlet, files)) {}

Recorder::~Recorder() {
  stop();
}

void Recorder::start(std::vector<std::pair<StreamKey, Digest>> last_digests) {
  {
    const std::lock_guard lock(impl_->mutex);
    for (auto& last : last_digests) impl_->desk_of(std::move(last.first)).tail.previous = last.second;
  }
  for (auto& actor : impl_->actors) actor->start();
  // So that the first fragment finds a store; one that hangs does not hold up the others.
  for (auto& actor : impl_->actors) actor->wait_until_looked(kFirstLook);
  const std::lock_guard lock(impl_->mutex);
  impl_->running = true;
}

void Recorder::stop() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->running = false;
  }
  for (auto& actor : impl_->actors) actor->close();
  for (auto& actor : impl_->actors) actor->join();
}

bool Recorder::on_fragment(capture::Fragment fragment) {
  return impl_->take(std::move(fragment));
}

void Recorder::on_outage(capture::Outage outage) {
  impl_->report(std::move(outage));
}

std::optional<uint64_t> Recorder::lost_from(const StreamKey& stream) {
  const std::lock_guard lock(impl_->mutex);
  const auto desk = impl_->desks.find(stream);
  const uint64_t lost = desk == impl_->desks.end() ? 0 : desk->second.tail.lost_from.load();
  return lost == 0 ? std::nullopt : std::optional(lost);
}

/// No footage, no order to keep: straight on.
void Recorder::on_clock_offset(capture::ClockOffset offset) {
  impl_->next.on_clock_offset(std::move(offset));
}

std::vector<StoreStatus> Recorder::status() const {
  return impl_->statuses();
}

}  // namespace mj::storage
