#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capture/entry.h"
#include "capture/status.h"
#include "config/config.h"

/// Cameras and screens become timed fragments. Decodes nothing, writes nothing, keeps nothing.
namespace mj::capture {

/// A stretch of a stream with one codec configuration and one clock mapping. Immutable and shared by its
/// fragments.
struct Run {
  StreamKey stream;
  WallTime start;    ///< decode time of its first sample; with `stream`, its identity
  std::string mime;  ///< what MSE is asked for: `video/mp4; codecs="avc1.640028"`
  Bytes init;        ///< ftyp + moov of the file: video as track 1, audio (if any) as track 2
  Bytes video_init;  ///< the same with the video track alone, for browsers that refuse the audio codec
  int width = 0, height = 0;  ///< pixels
  std::string audio;          ///< "", "pcm_alaw", "pcm_mulaw" or "aac"
  Duration time_error{0};     ///< bound of |wall time of a sample − true time|
};

/// The place of one `tfdt` baseMediaDecodeTime (64 bit, ISO/IEC 14496-12 §8.8.12) in a fragment's bytes.
/// In the bytes it counts from Run::start; whoever puts the fragment into a file makes it count from the
/// file's start.
struct DecodeTimeSlot {
  uint32_t offset = 0;     ///< of the 8 bytes, from the fragment's first byte
  uint32_t timescale = 0;  ///< of that track
  int64_t ticks = 0;       ///< the value now in the bytes: time since Run::start
};

/// Extended type of the `uuid` box that holds ShotFacts.
inline constexpr std::array<uint8_t, 16> kShotBoxType{0x2b, 0x1d, 0x8a, 0x54, 0x9c, 0x0e, 0x4f, 0x6b,
                                                      0xb1, 0x37, 0x5e, 0xd0, 0x6a, 0x93, 0xc4, 0x7e};
/// Reads what follows the box's extended type: a JSON object. Nothing when it is not one of ours.
[[nodiscard]] std::optional<ShotFacts> parse_shot_box(BytesView box_payload);

/// About half a second of a run (a shot of a screen): `prft moof mdat` of the video (a `uuid` box with the
/// ShotFacts before moof for screens), then `moof mdat` of the audio if there is any. Immutable.
struct Fragment {
  std::shared_ptr<const Run> run;
  WallTime start, end;       ///< decode times: [start, end)
  bool key = false;          ///< begins with a sync sample
  uint32_t key_bytes = 0;    ///< up to the end of that sample; 0 when !key
  uint32_t video_bytes = 0;  ///< the part a browser needs; the rest is audio
  uint32_t frames = 0;       ///< video samples
  std::vector<DecodeTimeSlot> decode_times;
  SharedBytes bytes;
  std::optional<ShotFacts> shot;
};

/// From `begin` on a stream has no footage. It ends when the next fragment of the stream begins.
struct Outage {
  StreamKey stream;
  WallTime begin;
  GapCause cause;
  std::string detail;  ///< a sentence for people, without secrets
  /// The agent itself says so, and was there: what others noted about `begin` and later gives way. Its number
  /// is 0 when it says it again.
  std::optional<EntryRef> attested = std::nullopt;
};

/// What capture hands on. Implemented by storage. Called from capture's threads, one at a time per stream;
/// must not block.
class Outlet {
 public:
  virtual ~Outlet() = default;
  /// False: the receiver is full. The source then drops up to its next key frame; the receiver accounts for
  /// the gap.
  [[nodiscard]] virtual bool on_fragment(Fragment fragment) = 0;
  virtual void on_outage(Outage outage) = 0;
  /// At most every ten minutes, or when it changed by 100 ms. Who keeps no such record ignores it.
  virtual void on_clock_offset(ClockOffset) {}
  /// Of an agent's stream: the first number that was taken and could not be kept after all, until it comes
  /// again. What has a higher number is refused meanwhile.
  [[nodiscard]] virtual std::optional<uint64_t> lost_from(const StreamKey&) { return std::nullopt; }
};

/// All sources of one hall. Owner: the composition root; `clock` and `outlet` must outlive it.
/// Threads: public functions may be called from any thread. Failure of one source never touches another.
class Capture {
 public:
  Capture(const config::Settings& settings, const Clock& clock, Outlet& outlet);
  ~Capture();  // stops
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  /// Connects to every camera; returns at once.
  void start();
  /// Notices workstations that fell silent. To be called about twice a second.
  void tick();
  /// Flushes what is open into the outlet, reports an Outage (shutdown) per stream and joins all threads (≤
  /// 10 s).
  void stop();

  [[nodiscard]] std::vector<StreamStatus> status() const;

  /// Screen intake: an agent's entries, each exactly once. Validates (sizes, order, picture ≤ 33 Mpx) before
  /// anything is kept; does not decode. `known`: what of this agent is durable. A refusal is not_found
  /// (workstation), invalid, no_space (rate beyond the quota) or unavailable (outlet full).
  [[nodiscard]] Accepted accept_entries(const EntryBatch& batch, const KnownEntries& known);
  /// Where the agent goes on; also a sign of its life. Errors: not_found (workstation).
  [[nodiscard]] Result<ScreenPosition> position(const std::string& workstation, const std::string& agent,
                                                const KnownEntries& known);
  /// Charges an upload to the workstation's quota; above zero: refused, come again after this long. Waits for
  /// nothing.
  [[nodiscard]] Duration charge_upload(const std::string& workstation, uint64_t bytes);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The keys of a configuration's streams, in its order: main, sub, screen.
struct StreamInfo {
  StreamKey key;
  StreamKind kind = StreamKind::main;
  std::string device;  ///< Camera::id or Workstation::id
};
[[nodiscard]] std::vector<StreamInfo> streams_of(const config::Settings& settings);

}  // namespace mj::capture
