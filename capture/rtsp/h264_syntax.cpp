#include "capture/rtsp/h264_syntax.h"

#include <algorithm>

#include "capture/rtsp/bit_reader.h"

namespace mj::capture::rtsp {
namespace {

constexpr uint8_t kIdrSlice = 5;
constexpr uint8_t kSpsType = 7;
constexpr uint8_t kPpsType = 8;
constexpr std::size_t kMaxParameterBytes = 1024;
constexpr std::size_t kMaxSets = 8;  // of each kind in one configuration record

bool has_chroma_info(uint8_t profile) {
  constexpr uint8_t kProfiles[] = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135};
  return std::find(std::begin(kProfiles), std::end(kProfiles), profile) != std::end(kProfiles);
}

void skip_scaling_list(BitReader& in, int size) {
  int32_t last = 8, next = 8;
  for (int i = 0; i < size && in.ok(); ++i) {
    if (next != 0) next = (last + in.se()) & 0xFF;
    last = next == 0 ? last : next;
  }
}

void read_chroma_info(BitReader& in, H264Sps& sps) {
  sps.chroma_format = in.ue();
  if (sps.chroma_format == 3) in.skip(1);
  sps.luma_depth = 8 + in.ue();
  sps.chroma_depth = 8 + in.ue();
  in.skip(1);
  if (!in.flag()) return;
  const int lists = sps.chroma_format == 3 ? 12 : 8;
  for (int i = 0; i < lists && in.ok(); ++i) {
    if (in.flag()) skip_scaling_list(in, i < 6 ? 16 : 64);
  }
}

void skip_picture_order(BitReader& in) {
  const uint32_t type = in.ue();
  if (type == 0) {
    (void)in.ue();
  } else if (type == 1) {
    in.skip(1);
    (void)in.se();
    (void)in.se();
    const uint32_t count = in.ue();
    for (uint32_t i = 0; i < count && i < 256 && in.ok(); ++i) (void)in.se();
  }
}

void skip_hrd(BitReader& in) {
  const uint32_t count = in.ue() + 1;
  in.skip(8);
  for (uint32_t i = 0; i < count && i < 32 && in.ok(); ++i) {
    (void)in.ue();
    (void)in.ue();
    in.skip(1);
  }
  in.skip(20);
}

/// §E.1.1, up to the one number wanted of it.
int read_reorder_depth(BitReader& in) {
  if (in.flag() && in.bits(8) == 255) in.skip(32);  // aspect ratio
  if (in.flag()) in.skip(1);                        // overscan
  if (in.flag()) {                                  // video signal
    in.skip(4);
    if (in.flag()) in.skip(24);
  }
  if (in.flag()) {  // chroma location
    (void)in.ue();
    (void)in.ue();
  }
  if (in.flag()) in.skip(65);  // timing
  const bool nal_hrd = in.flag();
  if (nal_hrd) skip_hrd(in);
  const bool vcl_hrd = in.flag();
  if (vcl_hrd) skip_hrd(in);
  if (nal_hrd || vcl_hrd) in.skip(1);
  in.skip(1);  // pic_struct
  if (!in.flag()) return 0;
  in.skip(1);
  for (int i = 0; i < 4; ++i) (void)in.ue();
  const uint32_t depth = in.ue();
  return in.ok() && depth <= 16 ? static_cast<int>(depth) : 0;
}

void read_size(BitReader& in, H264Sps& sps) {
  const int64_t width = int64_t{in.ue()} + 1;
  const int64_t map_units = int64_t{in.ue()} + 1;
  const bool frames_only = in.flag();
  if (!frames_only) in.skip(1);
  in.skip(1);
  int64_t left = 0, right = 0, top = 0, bottom = 0;
  if (in.flag()) {
    left = in.ue(), right = in.ue(), top = in.ue(), bottom = in.ue();
  }
  const int64_t unit_x = sps.chroma_format == 1 || sps.chroma_format == 2 ? 2 : 1;
  const int64_t unit_y = (sps.chroma_format == 1 ? 2 : 1) * (frames_only ? 1 : 2);
  const int64_t w = width * 16 - unit_x * (left + right);
  const int64_t h = map_units * 16 * (frames_only ? 1 : 2) - unit_y * (top + bottom);
  const bool sane = w > 0 && h > 0 && w <= 16384 && h <= 16384 && w * h <= kMaxPicturePixels;
  sps.width = sane ? static_cast<int>(w) : 0;
  sps.height = sane ? static_cast<int>(h) : 0;
}

/// Without the zero bytes some cameras leave behind a set.
BytesView trimmed(BytesView nal) {
  while (!nal.empty() && nal.back() == 0) nal = nal.first(nal.size() - 1);
  return nal;
}

void put_set(Bytes& record, const Bytes& nal) {
  record.push_back(static_cast<uint8_t>(nal.size() >> 8));
  record.push_back(static_cast<uint8_t>(nal.size()));
  record.insert(record.end(), nal.begin(), nal.end());
}

Bytes make_record(const H264Sps& facts, const std::map<uint32_t, Bytes>& sps,
                  const std::map<uint32_t, Bytes>& pps) {
  Bytes record{1, facts.profile, facts.constraints, facts.level, 0xFF};  // lengths of 4 bytes
  record.push_back(static_cast<uint8_t>(0xE0 | sps.size()));
  for (const auto& [id, nal] : sps) put_set(record, nal);
  record.push_back(static_cast<uint8_t>(pps.size()));
  for (const auto& [id, nal] : pps) put_set(record, nal);
  if (has_chroma_info(facts.profile)) {
    record.push_back(static_cast<uint8_t>(0xFC | (facts.chroma_format & 3)));
    record.push_back(static_cast<uint8_t>(0xF8 | ((facts.luma_depth - 8) & 7)));
    record.push_back(static_cast<uint8_t>(0xF8 | ((facts.chroma_depth - 8) & 7)));
    record.push_back(0);
  }
  return record;
}

}  // namespace

std::optional<H264Sps> parse_h264_sps(BytesView nal) {
  if (nal.size() < 5 || (nal[0] & 0x1F) != kSpsType) return std::nullopt;
  const Bytes payload = unescape(nal.subspan(1));
  BitReader in(payload);
  H264Sps sps;
  sps.profile = static_cast<uint8_t>(in.bits(8));
  sps.constraints = static_cast<uint8_t>(in.bits(8));
  sps.level = static_cast<uint8_t>(in.bits(8));
  sps.id = in.ue();
  if (has_chroma_info(sps.profile)) read_chroma_info(in, sps);
  (void)in.ue();  // log2_max_frame_num
  skip_picture_order(in);
  (void)in.ue();  // max_num_ref_frames
  in.skip(1);
  read_size(in, sps);
  const bool sane = in.ok() && sps.id < 32 && sps.chroma_format <= 3 && sps.luma_depth <= 14 &&
                    sps.chroma_depth <= 14 && sps.width > 0;
  if (!sane) return std::nullopt;
  if (in.flag()) sps.reorder_depth = read_reorder_depth(in);
  return sps;
}

NalSyntax::Kind H264Syntax::kind(BytesView nal) const {
  const uint8_t type = nal.empty() ? 0 : nal[0] & 0x1F;
  if (type == kIdrSlice) return Kind::key_picture;
  if (type >= 1 && type < kIdrSlice) return Kind::picture;
  return type == kSpsType || type == kPpsType ? Kind::parameters : Kind::other;
}

bool H264Syntax::begins_picture(BytesView nal) const {
  return nal.size() > 1 && (nal[1] & 0x80) != 0;  // first_mb_in_slice 0 is the single bit 1
}

void H264Syntax::learn(BytesView nal) {
  nal = trimmed(nal);
  if (nal.size() < 2 || nal.size() > kMaxParameterBytes) return;
  const uint8_t type = nal[0] & 0x1F;
  std::optional<uint32_t> id;
  if (type == kSpsType) {
    if (const auto sps = parse_h264_sps(nal)) id = sps->id;
  } else if (type == kPpsType) {
    const Bytes payload = unescape(nal.subspan(1), 16);
    BitReader in(payload);
    id = in.ue();
    if (!in.ok() || *id > 255) id.reset();
  }
  if (!id) return;
  auto& sets = type == kSpsType ? sps_ : pps_;
  const auto known = sets.find(*id);
  if (known == sets.end() && sets.size() == kMaxSets) return;
  if (known != sets.end() && std::ranges::equal(known->second, nal)) return;
  sets[*id].assign(nal.begin(), nal.end());
  if (type == kSpsType) latest_sps_ = *id;
  changed_ = true;
}

std::shared_ptr<const VideoConfig> H264Syntax::config() {
  if (!changed_ || sps_.empty() || pps_.empty()) return config_;
  changed_ = false;
  const auto facts = parse_h264_sps(sps_.at(latest_sps_));
  if (!facts) return config_;
  auto next = std::make_shared<VideoConfig>();
  next->codec = Codec::h264;
  next->record = make_record(*facts, sps_, pps_);
  next->width = facts->width;
  next->height = facts->height;
  next->reorder_depth = facts->reorder_depth;
  if (!config_ || config_->record != next->record) config_ = std::move(next);
  return config_;
}

bool H264Syntax::says_recovery(BytesView sei) const {
  constexpr uint8_t kSeiType = 6;
  constexpr uint32_t kRecoveryPoint = 6;
  if (sei.empty() || (sei[0] & 0x1F) != kSeiType) return false;
  const Bytes payload = unescape(sei.subspan(1), 64);
  std::size_t at = 0;
  const auto read_coded = [&] {
    uint32_t value = 0;
    while (at < payload.size() && payload[at] == 255) value += payload[at++];
    return at < payload.size() ? value + payload[at++] : value;
  };
  while (at + 2 < payload.size()) {
    const uint32_t type = read_coded();
    const uint32_t size = read_coded();
    if (type == kRecoveryPoint && at < payload.size())
      return (payload[at] & 0x80) != 0;  // ue(0) is the bit 1
    at += size;
  }
  return false;
}

bool H264Syntax::is_intra(BytesView nal) const {
  const Bytes header = unescape(nal.subspan(std::min<std::size_t>(nal.size(), 1)), 12);
  BitReader in(header);
  (void)in.ue();
  const uint32_t type = in.ue() % 5;
  return in.ok() && (type == 2 || type == 4);
}

}  // namespace mj::capture::rtsp
