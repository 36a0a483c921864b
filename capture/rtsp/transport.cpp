#include "capture/rtsp/transport.h"

#include "capture/rtsp/text.h"

namespace mj::capture::rtsp {
namespace {

/// "4-5" or "4", which stands for 4 and 5.
std::optional<TransportReply::Pair> parse_pair(std::string_view text, uint16_t largest) {
  const auto first = leading_number<uint16_t>(cut(text, '-'));
  if (!first || *first > largest) return std::nullopt;
  TransportReply::Pair pair{*first, static_cast<uint16_t>(*first + 1)};
  if (const auto second = leading_number<uint16_t>(text)) pair.control = *second;
  if (pair.control > largest) return std::nullopt;
  return pair;
}

}  // namespace

TransportReply parse_transport(std::string_view header) {
  TransportReply reply;
  while (!header.empty()) {
    std::string_view parameter = cut(header, ';');
    const std::string_view name = trim(cut(parameter, '='));
    if (same_word(name, "interleaved")) reply.interleaved = parse_pair(parameter, 255);
    if (same_word(name, "server_port")) reply.server_port = parse_pair(parameter, 65535);
  }
  return reply;
}

}  // namespace mj::capture::rtsp
