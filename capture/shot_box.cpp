#include "capture/shot_box.h"

#include <boost/json.hpp>

#include "capture/mp4_boxes.h"

namespace mj::capture {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxFactsBytes = 16 * 1024;

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  const json::string* text = value ? value->if_string() : nullptr;
  return text ? std::string(*text) : std::string();
}

int64_t number_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  const int64_t* number = value ? value->if_int64() : nullptr;
  return number ? *number : 0;
}

/// Length of the UTF-8 character at the front of `text`; 0 when there is none (RFC 3629 §4).
std::size_t character_bytes(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  const std::size_t size = lead < 0x80   ? 1
                           : lead < 0xC2 ? 0
                           : lead < 0xE0 ? 2
                           : lead < 0xF0 ? 3
                           : lead < 0xF5 ? 4
                                         : 0;
  if (size == 0 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
  const bool surrogate = lead == 0xED && byte(1) >= 0xA0;
  const bool beyond = lead == 0xF4 && byte(1) >= 0x90;
  return overlong || surrogate || beyond ? 0 : size;
}

}  // namespace

Bytes encode_shot_box(const ShotFacts& facts) {
  const json::object object{
      {"title", facts.title},
      {"program", facts.program},
      {"user", facts.user},
      {"idle_ms", facts.idle_ms},
      {"agent_time_us", to_us(facts.agent_time)},
      {"input_sha256", facts.input_sha256},
  };
  BoxWriter out;
  out.begin("uuid");
  out.bytes(kShotBoxType);
  out.bytes(as_bytes(json::serialize(object)));
  out.end();
  return out.take();
}

std::optional<ShotFacts> parse_shot_box(BytesView box_payload) {
  if (box_payload.size() > kMaxFactsBytes) return std::nullopt;
  json::error_code error;
  json::parse_options options;
  options.max_depth = 2;
  const json::value value = json::parse(as_text(box_payload), error, {}, options);
  const json::object* object = error ? nullptr : value.if_object();
  if (!object || !object->contains("agent_time_us")) return std::nullopt;
  ShotFacts facts;
  facts.title = text_of(*object, "title");
  facts.program = text_of(*object, "program");
  facts.user = text_of(*object, "user");
  facts.idle_ms = number_of(*object, "idle_ms");
  facts.agent_time = from_us(number_of(*object, "agent_time_us"));
  facts.input_sha256 = text_of(*object, "input_sha256");
  return facts;
}

std::string clean_utf8(std::string_view text, std::size_t most) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  std::string out;
  while (!text.empty()) {
    const std::size_t size = character_bytes(text);
    const std::string_view character = size > 0 ? text.substr(0, size) : kReplacement;
    if (out.size() + character.size() > most) break;
    out += character;
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return out;
}

}  // namespace mj::capture
