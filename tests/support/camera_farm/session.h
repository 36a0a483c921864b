#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/camera_farm/clip.h"
#include "tests/support/camera_farm/faults.h"

namespace mj::test::farm {

struct Totals {
  uint64_t sessions = 0, playing = 0, frames = 0, frames_dropped = 0, packets = 0, bytes = 0, faults = 0;
};

/// What all sessions share: clips, faults by path, counters. Owner: main; outlives every session.
struct Config {
  std::map<std::string, std::unique_ptr<Clip>> clips;
  std::vector<std::pair<std::string, Faults>> faults;  // path pattern -> faults; the last match wins
  std::string user, password;
  bool basic = false;
  size_t max_pending = 4U << 20;
  int send_buffer = 0;
  double phase_spread_s = 60;
  std::map<std::string, int64_t> held_until_us;  // path -> time (drop and hold_for)
  Totals totals;
  FILE* log = nullptr;  // one CSV line per ended session
};

[[nodiscard]] int64_t now_us();   // monotonic
[[nodiscard]] int64_t wall_us();  // real time

/// One RTSP connection: its requests, and the paced interleaved media of the camera it plays.
/// Owner: Server. Thread: the farm's one. Does not: time out silent clients, read receiver reports, speak
/// UDP. Fails: a handler returns false and the owner drops the session, which closes the socket and writes
/// the log.
class Session {
 public:
  Session(Config& config, int fd);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool on_readable();
  [[nodiscard]] bool on_writable();
  [[nodiscard]] bool on_tick(int64_t now);
  /// Resets the connection instead of closing it.
  void reset_on_close();
  [[nodiscard]] bool wants_write() const { return pending_at_ < pending_.size(); }
  bool registered_for_write = false;

 private:
  struct Out {
    bool set_up = false;
    uint8_t channel = 0;
    uint16_t sequence = 0;
    uint32_t ssrc = 0, base = 0;
    uint64_t packets = 0, octets = 0;
  };

  // session.cpp: requests
  [[nodiscard]] bool take_requests();
  [[nodiscard]] bool handle(const std::string& head, const std::string& method, const std::string& url);
  [[nodiscard]] bool describe(const std::string& url);
  [[nodiscard]] bool set_up(const std::string& head, const std::string& url);
  [[nodiscard]] bool start_playing(const std::string& url);
  [[nodiscard]] bool authorised(const std::string& head, const std::string& method) const;
  [[nodiscard]] std::string challenge() const;
  [[nodiscard]] bool reply(int code, const std::string& reason, const std::string& headers = {},
                           const std::string& body = {});
  [[nodiscard]] bool select_clip(const std::string& url);

  // session_media.cpp: frames
  void play(int64_t now);
  void arm_faults(int64_t now);
  void advance();
  [[nodiscard]] int64_t due_us() const;
  [[nodiscard]] bool send_unit(const Unit& unit);
  void patch(const Unit& unit, bool video);
  [[nodiscard]] std::pair<const uint8_t*, size_t> damaged(const Unit& unit, bool video);
  [[nodiscard]] bool send_report(int64_t now);
  [[nodiscard]] bool write(const uint8_t* data, size_t size, bool may_drop);
  [[nodiscard]] bool write(const std::string& text);
  [[nodiscard]] uint32_t rtp_time(const Unit& unit) const;
  [[nodiscard]] uint32_t first_rtp_time(size_t track) const;
  [[nodiscard]] bool inject_faults(int64_t now);
  [[nodiscard]] bool send_garbage();
  void switch_clip(int64_t now);
  [[nodiscard]] bool chance(double probability);
  [[nodiscard]] uint64_t random();
  void write_log() const;

  Config& config_;
  int fd_;
  std::string in_, pending_, path_, session_id_, nonce_, cseq_;
  size_t pending_at_ = 0;
  std::vector<std::pair<int64_t, std::string>> delayed_replies_;
  Clip* clip_ = nullptr;
  Faults faults_;
  std::vector<Out> out_;
  bool playing_ = false, wait_key_ = false;
  size_t unit_ = 0;
  int64_t loop_ = 0, epoch_us_ = 0, stall_until_ = 0, next_report_ = 0;
  int64_t jump_us_ = 0, split_us_ = 0;
  int64_t next_drop_ = 0, next_stall_ = 0, next_jump_ = 0, next_garbage_ = 0, next_switch_ = 0;
  uint32_t path_hash_ = 0;
  uint64_t number_, random_state_, frames_ = 0, dropped_ = 0, packets_ = 0, bytes_ = 0;
  int64_t play_start_wall_ = 0;
  Bytes scratch_;
};

}  // namespace mj::test::farm
