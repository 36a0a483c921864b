#include "server/shot_parser.h"

#include <algorithm>
#include <optional>

#include "server/limits.h"

namespace mj::server {
namespace {

constexpr std::size_t kFactsBytes = 16 * 1024;
constexpr std::size_t kAvcConfigBytes = 4 * 1024;
constexpr std::size_t kTextBytes = 512;
constexpr int64_t kLongestNominalMs = 10 * 60 * 1000;
constexpr int64_t kLatestUs = 7'258'118'400'000'000;  // 2200
constexpr std::string_view kMagic = "MJS1";

uint32_t little_u32(BytesView bytes) {
  return static_cast<uint32_t>(bytes[0]) | static_cast<uint32_t>(bytes[1]) << 8 |
         static_cast<uint32_t>(bytes[2]) << 16 | static_cast<uint32_t>(bytes[3]) << 24;
}

/// A u32 length and as many bytes, taken off the front of `rest`.
std::optional<BytesView> take_block(BytesView& rest, std::size_t most) {
  if (rest.size() < 4) return std::nullopt;
  const uint32_t length = little_u32(rest);
  if (length > most || length > rest.size() - 4) return std::nullopt;
  const BytesView block = rest.subspan(4, length);
  rest = rest.subspan(4 + length);
  return block;
}

bool is_sha256_hex(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

Checked<void> read_facts(const json::object& object, ReceivedShot& out) {
  Fields fields(object, "$");
  capture::ShotFacts& facts = out.shot.facts;
  facts.agent_time = from_us(fields.integer("agent_time_us", 0, kLatestUs));
  out.offset = Duration(fields.integer("offset_us", -kLatestUs, kLatestUs));
  out.shot.key = fields.boolean("key");
  out.shot.nominal = std::chrono::milliseconds(fields.integer("nominal_ms", 1, kLongestNominalMs));
  facts.title = fields.free_text("title", kTextBytes);
  facts.program = fields.free_text("program", kTextBytes);
  facts.user = fields.free_text("user", kTextBytes);
  facts.idle_ms = fields.integer("idle_ms", 0, INT64_MAX);
  facts.input_sha256 = fields.text("input_sha256", 64);
  if (!is_sha256_hex(facts.input_sha256))
    fields.fail("input_sha256", "must be 64 lower-case hexadecimal digits");
  return fields.finish();
}

}  // namespace

Checked<ReceivedShot> parse_shot(BytesView body) {
  if (body.size() < kMagic.size() || as_text(body.first(kMagic.size())) != kMagic) {
    return refuse("", "the body does not begin with MJS1");
  }
  BytesView rest = body.subspan(kMagic.size());
  const auto facts = take_block(rest, kFactsBytes);
  if (!facts) return refuse("", "the length of the JSON part is wrong");
  const auto avc_config = take_block(rest, kAvcConfigBytes);
  if (!avc_config) return refuse("", "the length of the decoder configuration is wrong");
  if (rest.empty()) return refuse("", "the access unit is missing");

  auto object = parse_json_object(as_text(*facts));
  if (!object) return tl::unexpected<Refusal>(std::move(object).error());
  ReceivedShot out;
  if (auto done = read_facts(*object, out); !done) return tl::unexpected<Refusal>(std::move(done).error());
  out.shot.avc_config = std::string(as_text(*avc_config));
  out.shot.access_unit.assign(rest.begin(), rest.end());
  return out;
}

WallTime shot_time(const ReceivedShot& shot, WallTime now) {
  constexpr Duration kBelievable = std::chrono::seconds(5);
  const WallTime at = shot.shot.facts.agent_time + shot.offset;
  return at > now + kBelievable || at < now - kBelievable ? now : at;
}

}  // namespace mj::server
