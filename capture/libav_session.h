#pragma once

#include <atomic>

#include "capture/libav_handles.h"
#include "capture/rtsp/nal_assembler.h"
#include "capture/run_builder.h"
#include "capture/source.h"

namespace mj::capture {

/// Why a connection is over.
struct SessionEnd {
  GapCause cause = GapCause::camera_unreachable;
  std::string detail;  ///< a sentence with what to do next, without secrets
};

/// One RTSP connection through libavformat, from DESCRIBE to the end.
/// Owner: a LibavSource's thread, on its stack; all references must outlive it. Thread: that one. Does not:
/// retry, decode, probe. Fails: run() tells why it ended. Every wait inside libav is bounded by deadlines of
/// our own: 10 s to the first picture, 10 s from picture to picture, and at once when `stop` is set. (Name
/// resolution is the system's and is not.)
class LibavSession {
 public:
  LibavSession(const SourceSettings& settings, const Clock& clock, const std::atomic<bool>& stop,
               RunBuilder& builder);
  ~LibavSession();
  LibavSession(const LibavSession&) = delete;
  LibavSession& operator=(const LibavSession&) = delete;

  [[nodiscard]] SessionEnd run();

 private:
  static int interrupted(void* self);
  [[nodiscard]] bool must_give_up();
  [[nodiscard]] bool goes_elsewhere() const;
  [[nodiscard]] std::optional<SessionEnd> open();
  [[nodiscard]] std::optional<SessionEnd> choose_tracks();
  [[nodiscard]] std::optional<AudioConfig> audio_config() const;
  [[nodiscard]] SessionEnd read_packets();
  void on_video(const AVPacket& packet);
  void push_video(const AVPacket& packet, int64_t presentation, Arrival arrival);
  void on_audio(const AVPacket& packet);
  [[nodiscard]] int64_t presentation_of(const AVPacket& packet, int rate, int64_t expected) const;
  [[nodiscard]] SessionEnd explain(int error) const;

  const SourceSettings& settings_;
  const Clock& clock_;
  const std::atomic<bool>& stop_;
  RunBuilder& builder_;
  libav::UniqueFormat format_;
  int video_index_ = -1;
  int audio_index_ = -1;
  rtsp::DepacketizerCounts counts_;
  std::unique_ptr<rtsp::NalAssembler> assembler_;
  SteadyTime deadline_;
  bool connected_ = false;
  bool redirected_ = false;  // to another host: remembered, because a failed open frees what told us
  bool closing_ = false;     // what is left to do is polite: no stop, but a deadline
  Arrival video_began_{};    // when the picture being read began to arrive
  libav::UniquePacket first_picture_;  // held back until its time is known
  Arrival first_began_{};
  int64_t next_video_ = 0, next_audio_ = 0;  // presentation times to expect
};

/// `rtsp://h:554/x` with user and password put in, percent-encoded (RFC 3986 §3.2.1): for libav's eyes only.
[[nodiscard]] std::string url_with_user_info(const std::string& url, const std::string& user,
                                             const Secret& password);

}  // namespace mj::capture
