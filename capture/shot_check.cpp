#include "capture/shot_check.h"

#include "capture/rtsp/h264_syntax.h"

namespace mj::capture {
namespace {

constexpr std::size_t kMostShotBytes = 32 << 20;
constexpr std::size_t kMostRecordBytes = 4096;
constexpr int64_t kMostPixels = 33'177'600;  // 7680 × 4320
constexpr Duration kLongestNominal = std::chrono::minutes(10);
constexpr uint8_t kSlice = 1;
constexpr uint8_t kIdrSlice = 5;

/// Takes `length` bytes off the front.
std::optional<BytesView> take(BytesView& bytes, std::size_t length) {
  if (bytes.size() < length) return std::nullopt;
  const BytesView front = bytes.first(length);
  bytes = bytes.subspan(length);
  return front;
}

std::optional<std::size_t> take_number(BytesView& bytes, std::size_t width) {
  const auto front = take(bytes, width);
  if (!front) return std::nullopt;
  std::size_t number = 0;
  for (const uint8_t byte : *front) number = number << 8 | byte;
  return number;
}

/// `count` parameter sets with 16-bit lengths; the first one, if there is any.
std::optional<BytesView> take_sets(BytesView& bytes, std::size_t count, uint8_t type) {
  BytesView first;
  for (std::size_t i = 0; i < count; ++i) {
    const auto length = take_number(bytes, 2);
    const auto set = length ? take(bytes, *length) : std::nullopt;
    if (!set || set->empty() || ((*set)[0] & 0x1F) != type) return std::nullopt;
    if (i == 0) first = *set;
  }
  return count == 0 ? std::nullopt : std::optional(first);
}

Result<void> check_access_unit(const Entry& shot) {
  if (shot.access_unit.size() > kMostShotBytes) return fail(ErrorKind::invalid, "a shot is at most 32 MiB");
  BytesView rest = shot.access_unit;
  bool picture = false;
  bool key = false;
  while (!rest.empty()) {
    const auto length = take_number(rest, 4);
    const auto nal = length ? take(rest, *length) : std::nullopt;
    if (!nal || nal->empty())
      return fail(ErrorKind::invalid, "the lengths of the shot's NAL units are wrong");
    const uint8_t type = (*nal)[0] & 0x1F;
    picture = picture || type == kSlice || type == kIdrSlice;
    key = key || type == kIdrSlice;
  }
  if (!picture) return fail(ErrorKind::invalid, "the shot has no picture in it");
  if (shot.key != key)
    return fail(ErrorKind::invalid, "the shot's key flag and its NAL units contradict each other");
  if (shot.key && shot.avc_config.empty())
    return fail(ErrorKind::invalid, "a key shot needs its decoder configuration");
  return {};
}

}  // namespace

Result<void> check_entry(const Entry& entry) {
  if (entry.kind == EntryKind::state) {
    if (entry.access_unit.empty() && entry.avc_config.empty()) return {};
    return fail(ErrorKind::invalid, "a state has no picture");
  }
  if (entry.nominal <= Duration{0} || entry.nominal > kLongestNominal) {
    return fail(ErrorKind::invalid, "the cadence must be between 1 µs and 10 min");
  }
  if (entry.kind == EntryKind::shot) return check_access_unit(entry);
  if (entry.access_unit.empty() && entry.avc_config.empty() && !entry.key) return {};
  return fail(ErrorKind::invalid, "an entry of kind same has no picture");
}

Result<rtsp::VideoConfig> parse_avc_config(BytesView record) {
  const BytesView whole = record;
  const auto head = whole.size() <= kMostRecordBytes ? take(record, 5) : std::nullopt;
  if (!head || (*head)[0] != 1 || ((*head)[4] & 3) != 3) {
    return fail(ErrorKind::invalid, "not a decoder configuration with 4-byte lengths");
  }
  const auto sps_count = take_number(record, 1);
  const auto sps = sps_count ? take_sets(record, *sps_count & 0x1F, 7) : std::nullopt;
  const auto pps_count = sps ? take_number(record, 1) : std::nullopt;
  const auto pps = pps_count ? take_sets(record, *pps_count, 8) : std::nullopt;
  if (!pps) return fail(ErrorKind::invalid, "the decoder configuration has no SPS and PPS");
  const auto parsed = rtsp::parse_h264_sps(*sps);
  if (!parsed) return fail(ErrorKind::invalid, "the decoder configuration's SPS is damaged");
  if (int64_t{parsed->width} * parsed->height > kMostPixels) {
    return fail(ErrorKind::invalid, "a picture of {} × {} is larger than 33 Mpx", parsed->width,
                parsed->height);
  }
  rtsp::VideoConfig config;
  config.codec = rtsp::Codec::h264;
  config.record.assign(whole.begin(), whole.end());
  config.width = parsed->width;
  config.height = parsed->height;
  return config;
}

}  // namespace mj::capture
