#include "capture/rtsp/rtcp.h"

#include <algorithm>
#include <string_view>

#include "capture/rtsp/rtp.h"

namespace mj::capture::rtsp {
namespace {

constexpr uint8_t kSenderReport = 200;
constexpr uint8_t kReceiverReport = 201;
constexpr uint8_t kSourceDescription = 202;
constexpr uint8_t kGoodbye = 203;

constexpr int64_t kSecondsFrom1900To1970 = 2'208'988'800;
constexpr int64_t kEra = int64_t{1} << 32;             // NTP seconds wrap in 2036 (RFC 5905 §6)
constexpr int64_t kEarliestUnixSeconds = 631'152'000;  // 1990: a clock that was never set says 1900 or 1970

std::optional<SenderReport> parse_sender_report(BytesView packet) {
  if (packet.size() < 28) return std::nullopt;
  SenderReport report;
  report.ssrc = read_u32(&packet[4]);
  const uint32_t seconds = read_u32(&packet[8]);
  const uint32_t fraction = read_u32(&packet[12]);
  int64_t unix_seconds = static_cast<int64_t>(seconds) - kSecondsFrom1900To1970;
  if (seconds != 0 && seconds < 0x8000'0000U) unix_seconds += kEra;
  if (unix_seconds < kEarliestUnixSeconds) return std::nullopt;
  report.wall =
      from_us(unix_seconds * 1'000'000 + static_cast<int64_t>((uint64_t{fraction} * 1'000'000) >> 32));
  report.rtp_time = read_u32(&packet[16]);
  report.ntp_middle = seconds << 16 | fraction >> 16;
  return report;
}

void put_u32(Bytes& out, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<uint8_t>(value >> shift));
}

void put_header(Bytes& out, uint8_t count, uint8_t type, std::size_t bytes) {
  put_u32(out, uint32_t{0x80} << 24 | uint32_t{count} << 24 | uint32_t{type} << 16 |
                   static_cast<uint32_t>(bytes / 4 - 1));
}

}  // namespace

RtcpNews parse_rtcp(BytesView bytes) {
  RtcpNews news;
  while (bytes.size() >= 4 && bytes[0] >> 6 == 2) {
    const std::size_t size = 4 * (std::size_t{read_u16(&bytes[2])} + 1);
    if (size > bytes.size()) break;
    const BytesView packet = bytes.first(size);
    if (packet[1] == kSenderReport) {
      if (auto report = parse_sender_report(packet)) news.report = report;
    } else if (packet[1] == kGoodbye) {
      news.goodbye = true;
    }
    bytes = bytes.subspan(size);
  }
  return news;
}

Bytes write_receiver_report(uint32_t own_ssrc, const ReceptionFacts& facts) {
  constexpr std::string_view kName = "mingjing";
  Bytes out;
  put_header(out, 1, kReceiverReport, 32);
  put_u32(out, own_ssrc);
  put_u32(out, facts.ssrc);
  const uint64_t expected = std::max<uint64_t>(facts.received + facts.lost, 1);
  const auto fraction = static_cast<uint32_t>(std::min<uint64_t>(facts.lost * 256 / expected, 255));
  put_u32(out, fraction << 24 | static_cast<uint32_t>(std::min<uint64_t>(facts.lost, 0x7F'FFFF)));
  put_u32(out, facts.extended_highest);
  put_u32(out, 0);  // jitter: nobody's decision hangs on it
  put_u32(out, facts.last_report);
  const auto delay = facts.last_report == 0 ? 0 : facts.since_report.count() * 65536 / 1'000'000;
  put_u32(out, static_cast<uint32_t>(std::clamp<int64_t>(delay, 0, UINT32_MAX)));

  put_header(out, 1, kSourceDescription, 20);  // CNAME, closed and padded by zeros to 32 bits
  put_u32(out, own_ssrc);
  out.push_back(1);
  out.push_back(static_cast<uint8_t>(kName.size()));
  out.insert(out.end(), kName.begin(), kName.end());
  out.insert(out.end(), 2, 0);
  return out;
}

}  // namespace mj::capture::rtsp
