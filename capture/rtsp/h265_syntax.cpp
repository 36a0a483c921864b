#include "capture/rtsp/h265_syntax.h"

#include <algorithm>

#include "capture/rtsp/bit_reader.h"

namespace mj::capture::rtsp {
namespace {

constexpr uint8_t kFirstKeyType = 16;  // BLA, IDR, CRA: 16…21 (§7.4.2.2)
constexpr uint8_t kLastKeyType = 21;
constexpr uint8_t kFirstNonPicture = 32;
constexpr uint8_t kVpsType = 32;
constexpr uint8_t kSpsType = 33;
constexpr uint8_t kPpsType = 34;
constexpr std::size_t kMaxParameterBytes = 1024;
constexpr std::size_t kMaxSets = 8;

uint8_t type_of(BytesView nal) {
  return nal.empty() ? 63 : nal[0] >> 1 & 0x3F;
}

/// §7.3.3, general part kept, sub-layers skipped.
void read_profile_tier_level(BitReader& in, H265Sps& sps) {
  for (auto& byte : sps.profile_tier_level) byte = static_cast<uint8_t>(in.bits(8));
  const int sub_layers = sps.temporal_layers - 1;
  std::array<bool, 8> has_profile{}, has_level{};
  for (int i = 0; i < sub_layers; ++i) {
    has_profile[static_cast<std::size_t>(i)] = in.flag();
    has_level[static_cast<std::size_t>(i)] = in.flag();
  }
  if (sub_layers > 0) in.skip(2 * (8 - sub_layers));
  for (int i = 0; i < sub_layers; ++i) {
    if (has_profile[static_cast<std::size_t>(i)]) in.skip(88);
    if (has_level[static_cast<std::size_t>(i)]) in.skip(8);
  }
}

void read_size(BitReader& in, H265Sps& sps) {
  const int64_t width = in.ue(), height = in.ue();
  int64_t left = 0, right = 0, top = 0, bottom = 0;
  if (in.flag()) {
    left = in.ue(), right = in.ue(), top = in.ue(), bottom = in.ue();
  }
  const int64_t unit_x = sps.chroma_format == 1 || sps.chroma_format == 2 ? 2 : 1;
  const int64_t unit_y = sps.chroma_format == 1 ? 2 : 1;
  const int64_t w = width - unit_x * (left + right);
  const int64_t h = height - unit_y * (top + bottom);
  const bool sane = width <= 16384 && height <= 16384 && w > 0 && h > 0 && w * h <= kMaxPicturePixels;
  sps.width = sane ? static_cast<int>(w) : 0;
  sps.height = sane ? static_cast<int>(h) : 0;
}

int read_reorder_depth(BitReader& in, int temporal_layers) {
  const bool all_layers = in.flag();
  uint32_t depth = 0;
  for (int i = all_layers ? 0 : temporal_layers - 1; i < temporal_layers; ++i) {
    (void)in.ue();
    depth = in.ue();  // of the highest layer in the end
    (void)in.ue();
  }
  return in.ok() && depth <= 16 ? static_cast<int>(depth) : 0;
}

/// The id in front of a VPS (4 bits) or a PPS (ue).
std::optional<uint32_t> set_id(uint8_t type, BytesView nal) {
  if (type == kSpsType) {
    const auto sps = parse_h265_sps(nal);
    return sps ? std::optional(sps->id) : std::nullopt;
  }
  const Bytes payload = unescape(nal.subspan(2), 16);
  BitReader in(payload);
  const uint32_t id = type == kVpsType ? in.bits(4) : in.ue();
  return in.ok() && id < 64 ? std::optional(id) : std::nullopt;
}

/// ISO/IEC 14496-15 §8.3.3.1.2.
Bytes make_record(const H265Sps& sps, const std::array<std::map<uint32_t, Bytes>, 3>& sets) {
  Bytes record{1};
  record.insert(record.end(), sps.profile_tier_level.begin(), sps.profile_tier_level.end());
  record.insert(record.end(), {0xF0, 0x00, 0xFC});  // no segmentation, no parallelism claimed
  record.push_back(static_cast<uint8_t>(0xFC | sps.chroma_format));
  record.push_back(static_cast<uint8_t>(0xF8 | (sps.luma_depth - 8)));
  record.push_back(static_cast<uint8_t>(0xF8 | (sps.chroma_depth - 8)));
  record.insert(record.end(), {0, 0});  // frame rate: not said
  record.push_back(static_cast<uint8_t>(sps.temporal_layers << 3 | (sps.temporal_nesting ? 4 : 0) | 3));
  record.push_back(
      static_cast<uint8_t>(std::ranges::count_if(sets, [](const auto& s) { return !s.empty(); })));
  uint8_t type = kVpsType;
  for (const auto& kind : sets) {
    if (!kind.empty()) {
      record.insert(record.end(), {static_cast<uint8_t>(0x80 | type), 0, static_cast<uint8_t>(kind.size())});
      for (const auto& [id, nal] : kind) {
        record.push_back(static_cast<uint8_t>(nal.size() >> 8));
        record.push_back(static_cast<uint8_t>(nal.size()));
        record.insert(record.end(), nal.begin(), nal.end());
      }
    }
    ++type;
  }
  return record;
}

}  // namespace

std::optional<H265Sps> parse_h265_sps(BytesView nal) {
  if (nal.size() < 4 || type_of(nal) != kSpsType) return std::nullopt;
  const Bytes payload = unescape(nal.subspan(2));
  BitReader in(payload);
  H265Sps sps;
  in.skip(4);
  sps.temporal_layers = static_cast<uint8_t>(in.bits(3) + 1);
  sps.temporal_nesting = in.flag();
  if (sps.temporal_layers > 7) return std::nullopt;
  read_profile_tier_level(in, sps);
  sps.id = in.ue();
  sps.chroma_format = in.ue();
  if (sps.chroma_format == 3) in.skip(1);
  read_size(in, sps);
  sps.luma_depth = 8 + in.ue();
  sps.chroma_depth = 8 + in.ue();
  (void)in.ue();  // log2_max_pic_order_cnt_lsb
  const bool sane = in.ok() && sps.id < 16 && sps.chroma_format <= 3 && sps.luma_depth <= 15 &&
                    sps.chroma_depth <= 15 && sps.width > 0;
  if (!sane) return std::nullopt;
  sps.reorder_depth = read_reorder_depth(in, sps.temporal_layers);
  return sps;
}

NalSyntax::Kind H265Syntax::kind(BytesView nal) const {
  const uint8_t type = type_of(nal);
  if (type >= kFirstKeyType && type <= kLastKeyType) return Kind::key_picture;
  if (type < kFirstNonPicture) return Kind::picture;
  return type <= kPpsType ? Kind::parameters : Kind::other;
}

bool H265Syntax::begins_picture(BytesView nal) const {
  return nal.size() > 2 && (nal[2] & 0x80) != 0;  // first_slice_segment_in_pic_flag
}

void H265Syntax::learn(BytesView nal) {
  while (!nal.empty() && nal.back() == 0) nal = nal.first(nal.size() - 1);
  const uint8_t type = type_of(nal);
  if (nal.size() < 3 || nal.size() > kMaxParameterBytes || type < kVpsType || type > kPpsType) return;
  const auto id = set_id(type, nal);
  if (!id) return;
  auto& sets = sets_[type - kVpsType];
  const auto known = sets.find(*id);
  if (known == sets.end() && sets.size() == kMaxSets) return;
  if (known != sets.end() && std::ranges::equal(known->second, nal)) return;
  sets[*id].assign(nal.begin(), nal.end());
  if (type == kSpsType) latest_sps_ = *id;
  changed_ = true;
}

std::shared_ptr<const VideoConfig> H265Syntax::config() {
  const auto& sps = sets_[1];
  if (!changed_ || sps.empty() || sets_[2].empty()) return config_;  // decoders do without a VPS
  changed_ = false;
  const auto facts = parse_h265_sps(sps.at(latest_sps_));
  if (!facts) return config_;
  auto next = std::make_shared<VideoConfig>();
  next->codec = Codec::h265;
  next->record = make_record(*facts, sets_);
  next->width = facts->width;
  next->height = facts->height;
  next->reorder_depth = facts->reorder_depth;
  if (!config_ || config_->record != next->record) config_ = std::move(next);
  return config_;
}

}  // namespace mj::capture::rtsp
