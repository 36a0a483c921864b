#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "capture/rtsp/depacketizer.h"

/// RTP packets and NAL units as cameras send them, for tests.
namespace mj::test {

[[nodiscard]] Bytes from_hex(std::string_view hex);
[[nodiscard]] Bytes join(std::initializer_list<Bytes> parts);

/// Parameter sets of real encoders.
namespace h264 {
inline constexpr std::string_view kSps1080 =
    "674d4028d900780227e5c044000003000400000300c83c60c920";  // main, no B
inline constexpr std::string_view kPps1080 = "68ebc3cb20";
inline constexpr std::string_view kSps360B =
    "6764001eacd940a02ff97011000003000100000300320f162d96";  // high, B
inline constexpr std::string_view kPps360B = "68ebe3cb22c0";
inline constexpr std::string_view kSps240 = "6742c00dd90141fb011000000300100000030320f142a480";  // baseline
inline constexpr std::string_view kPps240 = "68cb83cb20";
/// A slice of `size` bytes: key or not, first of its picture or not; intra as an IDR's would be, or by
/// itself.
[[nodiscard]] Bytes slice(bool key, std::size_t size = 40, bool first = true, bool intra = false);
}  // namespace h264

namespace h265 {
inline constexpr std::string_view kVps = "40010c01ffff016000000300900000030000030078928090";
inline constexpr std::string_view kSps1080 =
    "420101016000000300900000030000030078a003c08010e5964a924caf016808000003000800000300c840";
inline constexpr std::string_view kPps = "4401c172b46240";
inline constexpr std::string_view kVps360B = "40010c01ffff01600000030090000003000003003f959409";
inline constexpr std::string_view kSps360B =
    "42010101600000030090000003000003003fa0050201696595964932bc05a02000000300200000030321";
[[nodiscard]] Bytes slice(bool key, std::size_t size = 40, bool first = true);
}  // namespace h265

struct PacketFields {
  uint16_t sequence = 0;
  uint32_t time = 0;
  bool marker = false;
  uint8_t type = 96;
  uint32_t ssrc = 0x1234;
};
[[nodiscard]] Bytes rtp(const PacketFields& fields, const Bytes& payload);

/// FU-A fragments of a NAL unit, `count` of them (RFC 6184 §5.8).
[[nodiscard]] std::vector<Bytes> fu_a(const Bytes& nal, std::size_t count);
/// FU fragments (RFC 7798 §4.4.3).
[[nodiscard]] std::vector<Bytes> fu_h265(const Bytes& nal, std::size_t count);
/// STAP-A of some NAL units (RFC 6184 §5.7.1).
[[nodiscard]] Bytes stap_a(std::initializer_list<Bytes> nals);

/// Keeps what a depacketizer makes.
class UnitLog final : public capture::rtsp::UnitSink {
 public:
  struct Logged {
    capture::rtsp::Unit unit;
    Bytes bytes;
  };
  std::vector<Logged> units;

  [[nodiscard]] Bytes& payload() override { return payload_; }
  void on_unit(const capture::rtsp::Unit& unit) override;
  /// The NAL units of units[i], without lengths; empty when the lengths lie.
  [[nodiscard]] std::vector<Bytes> nals(std::size_t i) const;

 private:
  Bytes payload_;
};

/// Feeds payloads to a depacketizer as a camera would.
class Sender {
 public:
  explicit Sender(capture::rtsp::Depacketizer& to) : to_(to) {}
  /// One packet at the time set last.
  Sender& send(const Bytes& payload, bool marker = false);
  Sender& at(uint32_t time) {
    time_ = time;
    return *this;
  }
  Sender& lose() {
    to_.lost();
    return *this;
  }

 private:
  capture::rtsp::Depacketizer& to_;
  uint32_t time_ = 1000;
  uint16_t sequence_ = 0;
};

[[nodiscard]] capture::rtsp::Track video_track(capture::rtsp::Codec codec,
                                               std::initializer_list<std::string_view> sets);

}  // namespace mj::test
