#pragma once

#include <memory>
#include <optional>
#include <string>

#include "capture/agent/cadence.h"
#include "capture/agent/encoder.h"
#include "capture/agent/entry.h"
#include "capture/agent/grabber.h"
#include "capture/agent/session.h"
#include "capture/agent/trouble.h"

namespace mj::agent {

struct ScreenSettings {
  std::string display = ":0";
  std::string source;  ///< GStreamer source element; empty: the X display itself
  Duration interval = std::chrono::seconds(5);
  Duration forced = std::chrono::seconds(60);  ///< an unchanged screen gives a shot after this
  Quality quality = Quality::lossless;
};

/// What a look at the desktop has to say: an entry that has neither server time nor offset yet.
struct Look {
  Entry entry;         ///< `error` is that of the grab alone
  SteadyTime taken{};  ///< the instant of `entry.agent_time`, unmoved by whoever sets the wall clock
};

/// Looks at one desktop and says what is there to be recorded: a shot when a pixel changed or a minute has
/// passed, `same` when every pixel still is as it was, a state when there is no picture to be had.
///
/// Owner: Agent, or a benchmark; `clock` must outlive it. Thread: one. Picture and facts are of one instant:
/// the foreground and the monitors are asked before and after the grab, the lock after it, and what was
/// grabbed while the session was locked is thrown away. Does not: keep entries, read keys or clipboard. No
/// trouble ends it: a display that is away is a state, tried again, said once in the log.
class Screen {
 public:
  /// Errors: invalid (source element, display name).
  [[nodiscard]] static Result<Screen> create(const ScreenSettings& settings, const Clock& clock);

  /// Nothing: no look was due, or the state is still what was said last. `key_wanted`: a shot must be a key.
  [[nodiscard]] std::optional<Look> look(bool key_wanted);
  /// How long until look() may have something to say; at most a quarter of a second.
  [[nodiscard]] Duration pause() const;

  /// What the last look gave was not kept: the next picture must decode by itself.
  void lost();
  /// How many times longer than configured the time between looks is; more than 1 while the spool is tight.
  void stretch(int64_t times) { cadence_.stretch(times); }
  /// Whoever records has said that there is no picture (paused, stopped): the next look begins anew.
  void interrupted() {
    cadence_.lost();
    state_.reset();
  }

 private:
  Screen(const ScreenSettings& settings, const Clock& clock, std::unique_ptr<Grabber> grabber);
  struct Hidden {
    ScreenState state;
    std::string detail;
  };
  [[nodiscard]] Foreground ask_foreground();
  [[nodiscard]] std::optional<Look> asleep();
  [[nodiscard]] std::optional<Hidden> hidden(SteadyTime now);
  [[nodiscard]] std::optional<Look> enter(const Hidden& hidden);
  [[nodiscard]] Result<std::optional<Look>> take(SteadyTime now, Foreground foreground, bool key_wanted);
  [[nodiscard]] Result<Picture> grab(Foreground& foreground, std::vector<Monitor>& monitors);
  [[nodiscard]] Result<void> encode(const Picture& picture, const Tiles& changed, bool key, Entry& entry);

  const ScreenSettings settings_;
  const Clock* clock_;
  std::unique_ptr<Grabber> grabber_;
  std::unique_ptr<Encoder> encoder_;
  std::unique_ptr<Desktop> desktop_;
  std::unique_ptr<Session> session_;
  Changes changes_;
  Cadence cadence_;
  std::vector<Monitor> monitors_;  ///< at the last shot
  const std::string user_;
  Attention attention_;
  std::optional<ScreenState> state_;  ///< said last; nothing: there is a picture
  SteadyTime called_{};               ///< the last look(), by both clocks
  WallTime called_at_{};
  std::optional<Duration> slept_;  ///< what this machine had slept by then
  Trouble screen_{"screen"};
  Trouble facts_{"desktop"};
};

}  // namespace mj::agent
