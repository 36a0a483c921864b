#include "tests/support/camera_farm/clip_parameters.h"

#include <fmt/format.h>

#include <stdexcept>

extern "C" {
#include <libavutil/base64.h>
}

namespace mj::test::farm {
namespace {

std::string base64(const Bytes& bytes) {
  std::string out(AV_BASE64_SIZE(bytes.size()), '\0');
  av_base64_encode(out.data(), static_cast<int>(out.size()), bytes.data(), static_cast<int>(bytes.size()));
  out.resize(out.find('\0'));
  return out;
}

std::string hex(const uint8_t* data, int size) {
  std::string text;
  for (int i = 0; i < size; ++i) text += fmt::format("{:02X}", data[i]);
  return text;
}

/// Walks the length-prefixed parameter sets of a configuration record.
class Walk {
 public:
  Walk(const uint8_t* data, int size, int at) : data_(data), size_(size), at_(at) {}
  [[nodiscard]] bool more(int bytes) const { return at_ + bytes <= size_; }
  int byte() { return data_[at_++]; }
  int word() {
    const int high = byte();
    return high << 8 | byte();
  }
  void take(int count, std::vector<Bytes>& to) {
    while (count-- > 0 && more(2)) {
      const int length = word();
      if (!more(length)) throw std::runtime_error("damaged configuration record");
      to.emplace_back(data_ + at_, data_ + at_ + length);
      at_ += length;
    }
  }

 private:
  const uint8_t* data_;
  int size_, at_;
};

ParameterSets parse_avcc(const uint8_t* data, int size) {
  if (size < 7 || data[0] != 1) throw std::runtime_error("no avcC: use an .mp4, .mov or .mkv file");
  ParameterSets sets;
  sets.nal_length_size = (data[4] & 3) + 1;
  Walk walk(data, size, 5);
  walk.take(walk.byte() & 31, sets.sps);
  if (walk.more(1)) walk.take(walk.byte(), sets.pps);
  if (sets.sps.empty() || sets.pps.empty()) throw std::runtime_error("no parameter sets");
  return sets;
}

ParameterSets parse_hvcc(const uint8_t* data, int size) {
  if (size < 23) throw std::runtime_error("no hvcC: use an .mp4, .mov or .mkv file");
  ParameterSets sets;
  sets.nal_length_size = (data[21] & 3) + 1;
  Walk walk(data, size, 22);
  for (int arrays = walk.byte(); arrays > 0 && walk.more(3); --arrays) {
    const int type = walk.byte() & 63;
    walk.take(walk.word(), type == 32 ? sets.vps : type == 33 ? sets.sps : sets.pps);
  }
  if (sets.vps.empty() || sets.sps.empty() || sets.pps.empty()) throw std::runtime_error("no parameter sets");
  return sets;
}

void describe_h264(const AVCodecParameters& parameters, Track& track, ParameterSets& sets) {
  sets = parse_avcc(parameters.extradata, parameters.extradata_size);
  track.sdp = fmt::format(
      "a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1; profile-level-id={}; "
      "sprop-parameter-sets={},{}\r\n",
      hex(sets.sps[0].data() + 1, 3), base64(sets.sps[0]), base64(sets.pps[0]));
}

void describe_h265(const AVCodecParameters& parameters, Track& track, ParameterSets& sets) {
  sets = parse_hvcc(parameters.extradata, parameters.extradata_size);
  track.sdp = fmt::format("a=rtpmap:96 H265/90000\r\na=fmtp:96 sprop-vps={}; sprop-sps={}; sprop-pps={}\r\n",
                          base64(sets.vps[0]), base64(sets.sps[0]), base64(sets.pps[0]));
}

void describe_g711(Codec codec, Track& track) {
  const bool alaw = codec == Codec::pcma;
  track.payload_type = alaw ? 8 : 0;
  track.clock_rate = 8000;
  track.sdp = alaw ? "a=rtpmap:8 PCMA/8000\r\n" : "a=rtpmap:0 PCMU/8000\r\n";
}

void describe_aac(const AVCodecParameters& parameters, Track& track) {
  track.payload_type = 97;
  track.clock_rate = static_cast<uint32_t>(parameters.sample_rate);
  track.sdp = fmt::format(
      "a=rtpmap:97 MPEG4-GENERIC/{}/{}\r\na=fmtp:97 profile-level-id=1; mode=AAC-hbr; sizelength=13; "
      "indexlength=3; indexdeltalength=3; config={}\r\n",
      parameters.sample_rate, parameters.ch_layout.nb_channels,
      hex(parameters.extradata, parameters.extradata_size));
}

}  // namespace

bool describe(const AVCodecParameters& parameters, Track& track, ParameterSets& sets) {
  track.video = parameters.codec_type == AVMEDIA_TYPE_VIDEO;
  switch (parameters.codec_id) {
    case AV_CODEC_ID_H264:
      track.codec = Codec::h264;
      break;
    case AV_CODEC_ID_HEVC:
      track.codec = Codec::h265;
      break;
    case AV_CODEC_ID_PCM_ALAW:
      track.codec = Codec::pcma;
      break;
    case AV_CODEC_ID_PCM_MULAW:
      track.codec = Codec::pcmu;
      break;
    case AV_CODEC_ID_AAC:
      track.codec = Codec::aac;
      break;
    default:
      return false;
  }
  switch (track.codec) {
    case Codec::h264:
      describe_h264(parameters, track, sets);
      break;
    case Codec::h265:
      describe_h265(parameters, track, sets);
      break;
    case Codec::pcma:
    case Codec::pcmu:
      describe_g711(track.codec, track);
      break;
    case Codec::aac:
      describe_aac(parameters, track);
      break;
  }
  return true;
}

}  // namespace mj::test::farm
