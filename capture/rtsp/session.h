#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capture/rtsp/dialogue.h"
#include "capture/rtsp/ending.h"
#include "capture/rtsp/limits.h"
#include "capture/rtsp/media_sink.h"
#include "capture/rtsp/receiver.h"
#include "capture/rtsp/transport.h"
#include "capture/rtsp/udp_flow.h"

namespace mj::capture::rtsp {

/// What is asked of a camera.
struct StreamSpec {
  StreamKey stream;
  Url url;
  std::string user;
  Secret password;
  bool udp = false;  ///< preferred; else TCP interleaved
};

/// What the sessions of one thread share.
struct Surroundings {
  Executor executor;
  const Clock& clock;
  const Limits& limits;
  Scratch& scratch;
};

/// One connection to one camera, from connecting to goodbye: OPTIONS, DESCRIBE, SETUP, PLAY, media, TEARDOWN.
/// Owner: a source, which calls run() once and tick() while it runs; spec, auth, sink and surroundings must
/// outlive it. Threads: the executor's one. Does not: retry. Fails: run() always returns, with the reason; no
/// wait in it outlasts the limits, because tick() closes the connection.
class Session final : private Dialogue::Media, private UdpFlow::Listener {
 public:
  Session(const StreamSpec& spec, const Url& url, bool udp, Authenticator& auth, MediaSink& sink,
          const Surroundings& around, Duration first_frame);
  ~Session() override;

  [[nodiscard]] Task<Ending> run();
  /// Watches deadlines, keeps the session alive, reports reception.
  void tick(SteadyTime now);
  /// Ends the session politely: TEARDOWN, and at most Limits::farewell for the answer.
  void stop(SteadyTime now);

  /// What was seen, for the caller's next attempt.
  [[nodiscard]] bool recorded() const;  ///< at least one frame was handed on
  [[nodiscard]] bool pictures_without_key() const;
  [[nodiscard]] bool any_packet() const { return any_packet_; }
  [[nodiscard]] std::optional<SteadyTime> first_frame_at() const { return first_frame_at_; }
  [[nodiscard]] bool answered() const { return playing_; }  ///< the camera agreed to PLAY

 private:
  enum class Keepalive { get_parameter, options };
  struct Channel {
    uint8_t track = kNoTrack;
    bool control = false;
  };
  static constexpr uint8_t kNoTrack = 0xFF;

  // session_setup.cpp
  [[nodiscard]] Task<Outcome<void>> negotiate();
  [[nodiscard]] Task<Outcome<Description>> describe();
  [[nodiscard]] Outcome<void> choose_tracks(const Description& description);
  [[nodiscard]] Task<Outcome<void>> set_up_tracks();
  [[nodiscard]] Task<Outcome<Message>> set_up(std::size_t track);
  [[nodiscard]] Outcome<std::string> transport_request(std::size_t track);
  void forget_track(std::size_t track);
  void accept_transport(std::size_t track, std::string_view header);
  [[nodiscard]] Task<Outcome<void>> play();
  [[nodiscard]] tl::unexpected<Ending> refused(std::string_view what, const Message& reply) const;

  // session.cpp
  [[nodiscard]] Task<Outcome<void>> converse();
  void on_interleaved(uint8_t channel, BytesView payload, SteadyTime arrived) override;
  void on_datagram(std::size_t track, bool control, BytesView payload, SteadyTime arrived) override;
  void on_media(std::size_t track, bool control, BytesView payload, SteadyTime arrived);
  [[nodiscard]] std::size_t track_of(const Channel& channel, BytesView payload) const;
  void give_up(GapCause cause, std::string detail);
  void watch_deadlines(SteadyTime now);
  void keep_alive(SteadyTime now);
  void report_reception(SteadyTime now);
  void close();

  const StreamSpec& spec_;
  const Url url_;
  bool udp_;
  Authenticator& auth_;
  MediaSink& sink_;
  const Surroundings& around_;
  const SteadyTime started_;
  const Duration first_frame_;

  Connecting* connecting_ = nullptr;
  std::optional<Dialogue> dialogue_;
  std::optional<Ending> verdict_;  // decided by us, before the connection said anything
  const char* phase_ = "";         // the request whose answer is waited for
  bool leaving_ = false;
  SteadyTime leave_by_;
  bool goodbye_ = false;

  Url base_;
  std::string control_url_;                           // of the whole session
  std::vector<Track> tracks_;                         // chosen: video, then audio if any
  std::vector<std::unique_ptr<Receiver>> receivers_;  // as tracks_, once set up
  std::vector<std::shared_ptr<UdpFlow>> flows_;       // as tracks_, when over UDP
  std::array<Channel, 256> channels_;
  bool playing_ = false;
  bool any_packet_ = false;
  SteadyTime arrival_;  // told to the sink last
  std::optional<SteadyTime> first_frame_at_;
  Keepalive keepalive_ = Keepalive::get_parameter;
  SteadyTime next_keepalive_;
  SteadyTime next_report_;
};

}  // namespace mj::capture::rtsp
