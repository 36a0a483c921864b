#include "tests/support/camera_farm/clip.h"

#include <algorithm>
#include <climits>
#include <stdexcept>
#include <utility>

#include "capture/libav_handles.h"
#include "tests/support/camera_farm/clip_parameters.h"
#include "tests/support/camera_farm/packetiser.h"
#include "tests/support/camera_farm/tag.h"

namespace mj::test::farm {
namespace {

namespace libav = capture::libav;
using Span = Packetiser::Span;

constexpr AVRational kMicroseconds{1, 1000000};
constexpr AVRational k90kHz{1, 90000};

Bytes tag_sei(Codec codec) {
  static constexpr uint8_t kUuid[16] = {0x6d, 0x8b, 0x1f, 0x52, 0x9e, 0x41, 0x4c, 0x77,
                                        0xa5, 0x3b, 0xc1, 0x28, 0xe4, 0x90, 0x5f, 0x13};
  Bytes sei = codec == Codec::h265 ? Bytes{39 << 1, 1} : Bytes{6};
  sei.push_back(5);
  sei.push_back(static_cast<uint8_t>(sizeof kUuid + kTagTemplate.size()));
  sei.insert(sei.end(), kUuid, kUuid + sizeof kUuid);
  sei.insert(sei.end(), kTagTemplate.begin(), kTagTemplate.end());
  sei.push_back(0x80);
  return sei;
}

int nal_type(Codec codec, Span nal) {
  return codec == Codec::h265 ? (nal.data[0] >> 1) & 63 : nal.data[0] & 31;
}

std::vector<Span> nals_of(const AVPacket& packet, int length_size) {
  std::vector<Span> nals;
  for (int at = 0; at + length_size <= packet.size;) {
    size_t size = 0;
    for (int i = 0; i < length_size; ++i) size = size << 8 | packet.data[at++];
    if (size == 0 || at + static_cast<int64_t>(size) > packet.size) break;
    nals.push_back({packet.data + at, size});
    at += static_cast<int>(size);
  }
  return nals;
}

/// Reads a file and appends its units to a clip.
class Loader {
 public:
  Loader(Clip& clip, int mtu, bool tag) : clip_(clip), packetiser_(clip.bytes, mtu), tag_(tag) {}

  void open(const std::string& path) {
    AVFormatContext* file = nullptr;
    if (avformat_open_input(&file, path.c_str(), nullptr, nullptr) < 0)
      throw std::runtime_error("cannot open " + path);
    file_.reset(file);
    if (avformat_find_stream_info(file, nullptr) < 0) throw std::runtime_error("cannot read " + path);
    track_of_.assign(file->nb_streams, -1);
    add_tracks(AVMEDIA_TYPE_VIDEO);
    if (clip_.tracks.empty()) throw std::runtime_error("no H.264 or H.265 video in " + path);
    add_tracks(AVMEDIA_TYPE_AUDIO);
  }

  void read() {
    libav::UniquePacket packet(av_packet_alloc());
    for (; av_read_frame(file_.get(), packet.get()) >= 0; av_packet_unref(packet.get())) add(*packet);
    if (end_ticks_ <= 0) throw std::runtime_error("no video frames");
    clip_.loop_us = av_rescale(end_ticks_, 1000000, 90000);
    for (Track& track : clip_.tracks)
      track.loop_ticks = track.video ? end_ticks_ : av_rescale(clip_.loop_us, track.clock_rate, 1000000);
  }

 private:
  void add_tracks(AVMediaType type) {
    for (unsigned i = 0; i < file_->nb_streams; ++i) {
      const AVCodecParameters& parameters = *file_->streams[i]->codecpar;
      if (parameters.codec_type != type || (type == AVMEDIA_TYPE_VIDEO && !clip_.tracks.empty())) continue;
      Track track;
      if (!describe(parameters, track, sets_)) continue;
      track_of_[i] = static_cast<int>(clip_.tracks.size());
      clip_.tracks.push_back(std::move(track));
    }
  }

  void add(const AVPacket& packet) {
    const int index = track_of_[static_cast<size_t>(packet.stream_index)];
    if (index < 0) return;
    const Track& track = clip_.tracks[static_cast<size_t>(index)];
    const AVRational base = file_->streams[packet.stream_index]->time_base;
    const int64_t dts = packet.dts != AV_NOPTS_VALUE ? packet.dts : packet.pts;
    Unit unit;
    unit.track = index;
    unit.pts_ticks = av_rescale_q(packet.pts != AV_NOPTS_VALUE ? packet.pts : dts, base,
                                  AVRational{1, static_cast<int>(track.clock_rate)});
    unit.send_us = av_rescale_q(dts, base, kMicroseconds);
    if (track.video) {
      add_video(track, unit, packet, av_rescale_q(dts, base, k90kHz),
                av_rescale_q(packet.duration, base, k90kHz));
    } else {
      add_audio(track, unit, packet);
    }
  }

  void add_video(const Track& track, Unit unit, const AVPacket& packet, int64_t dts_90k,
                 int64_t duration_90k) {
    if (origin_ticks_ == INT64_MIN) origin_ticks_ = dts_90k;
    unit.send_us -= av_rescale(origin_ticks_, 1000000, 90000);
    unit.pts_ticks -= origin_ticks_;
    unit.key = (packet.flags & AV_PKT_FLAG_KEY) != 0;
    end_ticks_ = std::max(end_ticks_, dts_90k - origin_ticks_ + (duration_90k > 0 ? duration_90k : 3600));
    const std::vector<Span> nals = nals_of(packet, sets_.nal_length_size);
    if (nals.empty()) return;
    packetiser_.begin(unit);
    add_nals(track, unit, nals);
    packetiser_.end();
    clip_.units.push_back(unit);
  }

  void add_nals(const Track& track, Unit& unit, const std::vector<Span>& nals) {
    const bool h265 = track.codec == Codec::h265;
    const bool has_sps = std::any_of(nals.begin(), nals.end(),
                                     [&](Span nal) { return nal_type(track.codec, nal) == (h265 ? 33 : 7); });
    if (unit.key && !has_sps)
      for (const auto* sets : {&sets_.vps, &sets_.sps, &sets_.pps})
        for (const Bytes& set : *sets)
          packetiser_.nal(track.codec, track.payload_type, {set.data(), set.size()}, false);
    bool tagged = !tag_;
    for (size_t i = 0; i < nals.size(); ++i) {
      if (!tagged && nal_type(track.codec, nals[i]) <= (h265 ? 31 : 5)) {
        const Bytes sei = tag_sei(track.codec);
        packetiser_.nal(track.codec, track.payload_type, {sei.data(), sei.size()}, false);
        unit.tag_offset =
            static_cast<int32_t>(packetiser_.position() - unit.offset - 1 - kTagTemplate.size());
        tagged = true;
      }
      packetiser_.nal(track.codec, track.payload_type, nals[i], i + 1 == nals.size());
    }
  }

  void add_audio(const Track& track, Unit unit, const AVPacket& packet) {
    packetiser_.begin(unit);
    const auto size = static_cast<size_t>(packet.size);
    if (track.codec == Codec::aac) {
      const uint8_t header[4] = {0, 16, static_cast<uint8_t>(size >> 5), static_cast<uint8_t>(size << 3)};
      packetiser_.packet(track.payload_type, true, {header, sizeof header}, {packet.data, size});
    } else {
      // All packets of a unit bear its timestamp, so units must stay small.
      for (size_t at = 0; at < size; at += 1024)
        packetiser_.packet(track.payload_type, false, {},
                           {packet.data + at, std::min<size_t>(1024, size - at)});
    }
    packetiser_.end();
    clip_.units.push_back(unit);
  }

  Clip& clip_;
  Packetiser packetiser_;
  bool tag_;
  libav::UniqueFormat file_;
  ParameterSets sets_;
  std::vector<int> track_of_;
  int64_t origin_ticks_ = INT64_MIN;  // first video decode time, 90 kHz
  int64_t end_ticks_ = 0;
};

}  // namespace

std::unique_ptr<Clip> Clip::load(const std::string& name, const std::string& path, int mtu, bool tag) {
  auto clip = std::make_unique<Clip>();
  clip->name = name;
  Loader loader(*clip, mtu, tag);
  loader.open(path);
  loader.read();
  auto& units = clip->units;
  std::erase_if(units, [&](const Unit& unit) { return unit.send_us < 0 || unit.send_us >= clip->loop_us; });
  std::stable_sort(units.begin(), units.end(),
                   [](const Unit& a, const Unit& b) { return a.send_us < b.send_us; });
  while (clip->first_key < units.size() && !units[clip->first_key].key) clip->first_key++;
  if (clip->first_key == units.size()) throw std::runtime_error("no key frame in " + path);
  return clip;
}

}  // namespace mj::test::farm
