#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "capture/capture.h"
#include "config/config.h"
#include "storage/remover.h"

/// Fragments become durable, addressable files (design.md §5, the storage law).
namespace mj::storage {

/// Identity of a segment and, with the store's directory, its path:
/// <store>/<stream>/<yyyymmdd>/<start_us>.mp4[.part].
struct SegmentRef {
  std::string store;  ///< config::Store::id
  StreamKey stream;
  WallTime start;
  bool open = false;  ///< still `.part`
  friend bool operator==(const SegmentRef&, const SegmentRef&) = default;
};

/// Where a fragment lies in its file. They follow each other without space between. Without samples: 0 video.
struct FragmentPlace {
  WallTime start, end;
  uint64_t offset = 0;
  uint32_t bytes = 0;
  uint32_t video_bytes = 0;
  uint32_t key_bytes = 0;  ///< 0: does not begin with a sync sample
};

struct SegmentOpened {
  SegmentRef segment;
  std::shared_ptr<const capture::Run> run;
  uint32_t header_bytes = 0;  ///< ftyp + moov + uuid
};

struct FragmentDurable {  ///< its bytes have been through fdatasync
  SegmentRef segment;
  FragmentPlace place;
  std::optional<capture::ShotFacts> shot;
};

struct SegmentClosed {
  SegmentRef segment;  ///< open = false: the file has its final name
  WallTime end;
  uint64_t bytes = 0;
  Digest sha256{};       ///< of the whole file
  Digest previous{};     ///< sha256 of the stream's segment before, zero for the first
  bool suspect = false;  ///< a write or fsync failed; the bytes may not be there
  std::vector<FragmentPlace> fragments;
};

/// What storage hands on. Implemented by index. Called from a store's writer thread, in order per stream
/// (capture's: clock offsets, README invariant 9); must not block for longer than a bounded queue needs.
class Outlet {
 public:
  virtual ~Outlet() = default;
  virtual void on_segment_opened(SegmentOpened opened) = 0;
  virtual void on_fragment_durable(FragmentDurable durable) = 0;
  virtual void on_segment_closed(SegmentClosed closed) = 0;
  virtual void on_outage(capture::Outage outage) = 0;
  virtual void on_clock_offset(capture::ClockOffset) {}
};

struct StoreStatus {
  std::string id;
  std::filesystem::path path;
  bool writable = false;
  std::string detail;  ///< why not, and what to do
  uint64_t free_bytes = 0, total_bytes = 0;
  uint64_t queued = 0;                ///< fragments waiting for the disk
  std::array<uint64_t, 3> refused{};  ///< fragments there was no room for, by StreamKind
};

/// What a finished or interrupted file tells about itself, read from the file alone.
struct FoundSegment {
  SegmentRef segment;
  std::shared_ptr<capture::Run> run;
  WallTime end;
  uint64_t bytes = 0;       ///< up to the end of the last whole fragment
  uint64_t file_bytes = 0;  ///< as it lies there
  Digest sha256{};          ///< of `bytes`; zero unless asked for
  Digest previous{};
  uint32_t header_bytes = 0;
  std::vector<FragmentPlace> fragments;
  std::vector<capture::ShotFacts> shots;  ///< parallel to fragments for screens, else empty
};

/// Opens a store's file for reading. `root` is its directory. Paths never leave it (openat2
/// RESOLVE_BENEATH). Errors: not_found, corrupt (no moov or no uuid box), denied, internal.
[[nodiscard]] Result<FoundSegment> inspect(const std::filesystem::path& root, const SegmentRef& segment,
                                           bool with_hash);

/// Every segment file of a store, open and closed, sorted by stream and start. Foreign files are listed in
/// `strangers`.
[[nodiscard]] Result<std::vector<SegmentRef>> list_segments(const config::Store& store,
                                                            std::vector<std::string>* strangers);

/// Makes an interrupted `.part` a segment: truncated after the last whole fragment, fsynced, renamed. A file
/// without one whole fragment is removed (not_found). `.part` files must have no writer.
[[nodiscard]] Result<FoundSegment> recover(const config::Store& store, const SegmentRef& segment);

/// Byte ranges of segments. Thread-safe; bounded cache of descriptors. Who may ask is the gate's business.
class Reader {
 public:
  explicit Reader(std::vector<config::Store> stores);
  ~Reader();
  /// Up to `bytes` from `offset`; shorter at the end of the file. A segment that was closed since is found
  /// under its final name.
  [[nodiscard]] Result<Bytes> read(const SegmentRef& segment, uint64_t offset, uint32_t bytes) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The writing side: one thread per store. Owner: the composition root; `clock` and `outlet` must outlive it.
/// As capture's outlet it never blocks: a full queue refuses the fragment and reports an Outage (overload).
class Recorder final : public capture::Outlet {
 public:
  // Named in full: inside this class, Outlet alone is the base class.
  Recorder(const config::Settings& settings, const Clock& clock, storage::Outlet& outlet);
  Recorder(const config::Settings& settings, const Clock& clock, storage::Outlet& outlet, FileSystem& files);
  ~Recorder() override;  // stops
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  /// `last_digests`: sha256 of each stream's newest closed segment, so that the chain goes on. Stores that
  /// are missing or read-only are reported by status() and tried again every few seconds.
  void start(std::vector<std::pair<StreamKey, Digest>> last_digests);
  /// Closes every open segment durably, then joins (≤ 10 s).
  void stop();

  [[nodiscard]] bool on_fragment(capture::Fragment fragment) override;
  void on_outage(capture::Outage outage) override;
  void on_clock_offset(capture::ClockOffset offset) override;
  [[nodiscard]] std::optional<uint64_t> lost_from(const StreamKey& stream) override;
  [[nodiscard]] std::vector<StoreStatus> status() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mj::storage
