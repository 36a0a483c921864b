#include "capture/screen.h"

#include <algorithm>

#include "capture/shot_check.h"

namespace mj::capture {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kShortestDistance = milliseconds(200);
constexpr Duration kUsualNominal = seconds(5);
constexpr Duration kShortestSilence = seconds(3);
constexpr Duration kLeastError = milliseconds(100);  // of a run's times, however well the agent measured
constexpr std::size_t kMostText = 512;
constexpr std::size_t kDigestText = 64;

// An agent that is online sends at most five entries a second. What it catches up with from its spool may
// come twenty times as fast: it is no more than five a second of the time it was away for.
constexpr double kEntriesPerSecond = 5;
constexpr double kEntriesAtOnce = 50;
constexpr double kCostOfCatchingUp = 0.05;
constexpr Duration kCatchingUp = seconds(30);
// What each may hand on whatever the others do.
constexpr double kSharePerSecond = 1;
constexpr double kShareAtOnce = 8;
constexpr std::size_t kShareBytes = 64 * 1024;
/// Taken and not yet durable: a disk that hangs must not fill our memory.
constexpr std::size_t kMostUnsettled = 1024;
/// One tick each, 19 ms together: a player that stands 20 ms behind the fragment's start shows the last.
constexpr std::size_t kMostReferences = 1700;
constexpr Duration kComeBack = seconds(5);
constexpr uint64_t kCostOfARequest = 4096;  // bytes

void clean(ShotFacts& facts) {
  facts.title = clean_utf8(facts.title, kMostText);
  facts.program = clean_utf8(facts.program, kMostText);
  facts.user = clean_utf8(facts.user, kMostText);
  facts.input_sha256 = clean_utf8(facts.input_sha256, kDigestText);
}

std::shared_ptr<const Run> make_run(const StreamKey& stream, WallTime start, Duration error,
                                    const rtsp::VideoConfig& video) {
  auto run = std::make_shared<Run>();
  run->stream = stream;
  run->start = start;
  run->mime = mime_of(video);
  run->init = make_init(video, nullptr);
  run->video_init = run->init;
  run->width = video.width;
  run->height = video.height;
  run->time_error = std::max(error, kLeastError);
  return run;
}

/// How long before the last of `count` pictures the first begins, a tick for each of the others.
Duration lead_of(std::size_t count) {
  return std::chrono::ceil<Duration>(
      std::chrono::duration<double>(static_cast<double>(count - 1) / kVideoTimescale));
}

/// The last of `pictures` is taken at `at`; those before it only make it decodable. None: it is as it was.
Fragment fragment_of(const std::shared_ptr<const Run>& run, uint32_t sequence, WallTime at, Duration nominal,
                     const ShotFacts& facts, const std::vector<const Entry*>& pictures) {
  const int64_t decode = to_ticks(at - run->start, kVideoTimescale);
  Bytes joined;
  FragmentContent content;
  content.sequence = sequence;
  content.shot = &facts;
  content.video.begin = decode;
  content.video.end = decode + std::max<int64_t>(to_ticks(nominal, kVideoTimescale), 1);
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const bool last = i + 1 == pictures.size();
    const Entry& picture = *pictures[i];
    content.video.samples.push_back({last ? decode : static_cast<int64_t>(i), 0,
                                     static_cast<uint32_t>(picture.access_unit.size()), picture.key});
    if (pictures.size() > 1)
      joined.insert(joined.end(), picture.access_unit.begin(), picture.access_unit.end());
  }
  if (pictures.size() == 1) content.video.payload = pictures[0]->access_unit;
  if (pictures.size() > 1) content.video.payload = joined;
  return build_fragment(run, 0, content);
}

}  // namespace

const char* name(Refusal refusal) {
  switch (refusal) {
    case Refusal::malformed:
      return "malformed";
    case Refusal::missing:
      return "missing";
    case Refusal::key_wanted:
      return "key_wanted";
    case Refusal::quota:
      return "quota";
    case Refusal::busy:
      return "busy";
  }
  return "malformed";
}

Screen::Screen(const std::string& workstation, const Clock& clock, Outlet& outlet, CommonPool& pool)
    : workstation_(workstation),
      clock_(clock),
      outlet_(outlet),
      pool_(pool),
      state_(workstation + ".screen", clock, outlet),
      entries_(kEntriesPerSecond, kEntriesAtOnce),
      share_(kSharePerSecond, kShareAtOnce) {}

void Screen::start() {
  const std::lock_guard lock(mutex_);
  state_.started();
  state_.connecting("waiting for the agent on workstation " + workstation_);
  heard_ = clock_.steady_now();
}

tl::unexpected<Screen::Refused> Screen::refuse(Refusal why, std::string message, Duration wait) {
  const ErrorKind kind = why == Refusal::quota  ? ErrorKind::no_space
                         : why == Refusal::busy ? ErrorKind::unavailable
                                                : ErrorKind::invalid;
  return tl::unexpected(Refused{Error{kind, std::move(message)}, why, wait});
}

Duration Screen::charge_upload(uint64_t bytes) {
  return uploads_.charge(bytes + kCostOfARequest, clock_.steady_now());
}

Accepted Screen::accept(const EntryBatch& batch, const KnownEntries& known) {
  const std::lock_guard lock(mutex_);
  turn_to(batch.agent, known);
  Accepted out;
  if (stopped_) {
    out.refusal = Error{ErrorKind::unavailable, "the recorder is being stopped"};
    out.wait = kComeBack;
  } else if (batch.first_available && *batch.first_available > agent_.next) {
    skip_gone(*batch.first_available);
  }
  for (; !out.refusal && out.at < batch.entries.size(); ++out.at) {
    auto taken = take(batch.entries[out.at]);
    if (taken) continue;
    ++agent_.refused[static_cast<std::size_t>(taken.error().why)];
    out.conflict = taken.error().why == Refusal::missing || taken.error().why == Refusal::key_wanted;
    out.wait = taken.error().wait;
    out.refusal = std::move(taken.error().error);
    break;
  }
  references_.clear();
  out.position = {agent_.next, key_wanted_};
  return out;
}

ScreenPosition Screen::position(const std::string& agent, const KnownEntries& known) {
  const std::lock_guard lock(mutex_);
  turn_to(agent, known);
  return {agent_.next, key_wanted_};
}

/// Takes up where this agent is, and what became of what was taken from it.
void Screen::turn_to(const std::string& agent, const KnownEntries& known) {
  heard_ = clock_.steady_now();
  if (agent != agent_.agent) {
    agent_ = {};
    agent_.agent = agent;
    agent_.next = known.durable + 1;
    base_ = {known.durable, known.chain, known.at};
    kept_.clear();
    chain_known_ = known.durable == 0 || known.chain != Digest{};
    last_at_ = std::max(last_at_, known.at);
    attested_ = known.state;
    want_key();
  }
  for (; !kept_.empty() && kept_.front().number <= known.durable; kept_.pop_front()) base_ = kept_.front();
  if (const auto lost = outlet_.lost_from(state_.stream()); lost && *lost < agent_.next) rewind(*lost);
  if (!stopped_) say_state_again();
}

/// From `number` on nothing was kept after all: it is wanted again.
void Screen::rewind(uint64_t number) {
  spdlog::warn("{}: entries {} to {} of agent {} could not be kept; they are asked for again",
               state_.stream(), number, agent_.next - 1, agent_.agent);
  while (!kept_.empty() && kept_.back().number >= number) kept_.pop_back();
  const Kept& last = kept_.empty() ? base_ : kept_.back();
  agent_.next = last.number + 1;
  chain_known_ = last.number == 0 || last.chain != Digest{};
  last_at_ = last.at;
  attested_.reset();
  want_key();
}

/// Silence looked like an agent that is away; now it is heard, and has said nothing new: its word holds.
void Screen::say_state_again() {
  if (!attested_ || state_.reported() != GapCause::agent_away) return;
  state_.attested(attested_->begin, attested_->cause, attested_->detail, {agent_.agent, 0, {}, false, false});
}

/// Everything before `first_available` that is not here is gone for ever: a gap that says so.
void Screen::skip_gone(uint64_t first_available) {
  EntryRef ref{agent_.agent, first_available - 1, {}, false, true};
  const std::string detail = fmt::format("entries {} to {} of agent {} are gone from its spool", agent_.next,
                                         first_available - 1, agent_.agent);
  spdlog::error("{}: {}", state_.stream(), detail);
  agent_.missing += first_available - agent_.next;
  state_.attested(last_at_ + nominal_, GapCause::entries_missing, detail, ref);
  attested_.reset();
  want_key();
  advance(ref, last_at_);
}

Screen::Taken Screen::take(const Entry& entry) {
  const SteadyTime now = clock_.steady_now();
  const uint64_t number = entry.ref.number;
  if (const Duration wait = entries_.wait(now); wait > Duration(0))
    return refuse(Refusal::quota, "entries come faster than the agent's quota", wait);
  if (number > agent_.next) {
    return refuse(Refusal::missing,
                  fmt::format("entry {} is missing: send from it on, or say by first_available that it is "
                              "gone for ever",
                              agent_.next),
                  Duration(0));
  }
  if (auto sound = check_entry(entry); !sound)
    return refuse(Refusal::malformed, std::move(sound.error().message), Duration(0));
  if (number < agent_.next) {
    entries_.take(kCostOfCatchingUp, now);
    remember_reference(entry);
    return {};
  }
  if (kept_.size() >= kMostUnsettled)
    return refuse(Refusal::busy, "the recorder's disk cannot keep up", kComeBack);
  if (const Duration wait = take_room(entry); wait > Duration(0))
    return refuse(Refusal::busy, "all agents together send more than the recorder takes from them", wait);
  const WallTime at = time_of(entry);
  const EntryRef ref = checked_ref(entry);
  const bool catching_up = at < clock_.now() - kCatchingUp && at - last_at_ >= kShortestDistance;
  auto taken = entry.kind == EntryKind::state ? take_state(entry, ref, at) : take_picture(entry, ref, at);
  entries_.take(catching_up ? kCostOfCatchingUp : 1, now);
  if (!taken) return taken;
  if (ref.breaks) {
    ++agent_.breaks;
    spdlog::warn("{}: entry {} of agent {} does not name the one before it: the agent's spool was changed",
                 state_.stream(), number, agent_.agent);
  }
  advance(ref, at);
  if (!catching_up && entry.kind != EntryKind::state) state_.clock_measured(-entry.offset, entry.error);
  return {};
}

/// Out of its own share, else out of what all have in common.
Duration Screen::take_room(const Entry& entry) {
  const SteadyTime now = clock_.steady_now();
  const std::size_t bytes = entry.access_unit.size();
  if (bytes > kShareBytes || share_.wait(now) > Duration(0)) return pool_.take(bytes, now);
  share_.take(1, now);
  return Duration(0);
}

/// Never ahead of our clock, never before what is recorded.
WallTime Screen::time_of(const Entry& entry) const {
  return std::max(std::min(entry.at, clock_.now()), last_at_ + milliseconds(1));
}

EntryRef Screen::checked_ref(const Entry& entry) const {
  EntryRef ref = entry.ref;
  ref.agent = agent_.agent;
  const Kept& last = kept_.empty() ? base_ : kept_.back();
  ref.breaks = chain_known_ && entry.previous != last.chain;
  ref.gone = false;
  return ref;
}

Screen::Taken Screen::take_state(const Entry& entry, const EntryRef& ref, WallTime at) {
  const std::string detail = clean_utf8(entry.detail, 2 * kMostText);
  attested_ = {at, entry.state, detail};
  state_.attested(at, entry.state, detail, ref);
  want_key();
  return {};
}

Screen::Taken Screen::take_picture(const Entry& entry, const EntryRef& ref, WallTime at) {
  say_state_again();
  const bool same_config = entry.avc_config.empty() || as_text(record_) == entry.avc_config;
  const bool gap = run_ && at - last_at_ > 2 * nominal_;
  std::vector<const Entry*> pictures;
  if (entry.kind == EntryKind::shot) pictures.push_back(&entry);
  if (!run_ || key_wanted_ || gap || !same_config) {
    if (!entry.key) pictures.insert(pictures.begin(), references_.begin(), references_.end());
    if (auto begun = begin_run(entry, pictures, at); !begun) return begun;
  }
  ShotFacts facts = entry.facts;
  clean(facts);
  facts.kind = entry.kind;
  facts.error = entry.error;
  facts.nominal = entry.nominal;
  facts.configured = entry.configured;
  facts.entry = ref;
  auto handed = hand_on(fragment_of(run_, ++sequence_, at, entry.nominal, facts, pictures), entry.nominal);
  if (!handed) return handed;
  attested_.reset();
  agent_.thinned = entry.nominal > entry.configured;
  remember_reference(entry);
  return {};
}

/// A run that begins with `pictures`, the last of them taken at `at`.
Screen::Taken Screen::begin_run(const Entry& entry, const std::vector<const Entry*>& pictures, WallTime at) {
  if (pictures.empty() || !pictures.front()->key || pictures.size() > kMostReferences) {
    want_key();
    return refuse(Refusal::key_wanted,
                  fmt::format("entry {} follows nothing that is recorded: send from its key shot on, in one "
                              "upload",
                              entry.ref.number),
                  Duration(0));
  }
  auto config = parse_avc_config(as_bytes(pictures.front()->avc_config));
  if (!config) return refuse(Refusal::malformed, std::move(config.error().message), Duration(0));
  run_ = make_run(state_.stream(), at - lead_of(pictures.size()), entry.error, *config);
  record_ = config->record;
  sequence_ = 0;
  key_wanted_ = false;
  return {};
}

Screen::Taken Screen::hand_on(Fragment fragment, Duration nominal) {
  if (!state_.on_fragment(std::move(fragment))) {
    want_key();
    if (const auto lost = outlet_.lost_from(state_.stream()); lost && *lost < agent_.next) rewind(*lost);
    return refuse(Refusal::busy, "the recorder cannot keep up; look at the state of its stores", kComeBack);
  }
  nominal_ = nominal;
  return {};
}

void Screen::remember_reference(const Entry& entry) {
  const bool follows = entry.ref.number == last_reference_ + 1;
  last_reference_ = entry.ref.number;
  if (!follows) references_.clear();
  if (entry.kind != EntryKind::shot) return;
  if (entry.key) references_.clear();
  if (entry.key || !references_.empty()) references_.push_back(&entry);
}

void Screen::want_key() {
  key_wanted_ = true;
  run_.reset();
  record_.clear();
}

void Screen::advance(const EntryRef& ref, WallTime at) {
  kept_.push_back({ref.number, ref.chain, at});
  agent_.next = ref.number + 1;
  chain_known_ = ref.chain != Digest{};
  last_at_ = at;
}

void Screen::tick() {
  const std::lock_guard lock(mutex_);
  const Duration nominal = nominal_ > Duration{0} ? nominal_ : kUsualNominal;
  const auto silence = std::chrono::duration_cast<Duration>(clock_.steady_now() - heard_);
  if (stopped_ || silence <= std::max(3 * nominal, kShortestSilence)) return;
  if (state_.reported() == GapCause::agent_away) return;
  state_.failed(
      GapCause::agent_away,
      fmt::format("the agent on workstation {} sends nothing; is the computer on and mingjing-agent "
                  "running?",
                  workstation_));
  want_key();
}

void Screen::stop() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(stopped_, true)) return;
  state_.failed(GapCause::shutdown, "the recorder was stopped");
}

StreamStatus Screen::status() const {
  const std::lock_guard lock(mutex_);
  StreamStatus status = state_.status();
  if (!agent_.agent.empty()) status.agent = agent_;
  return status;
}

}  // namespace mj::capture
