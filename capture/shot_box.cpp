#include "capture/shot_box.h"

#include <boost/json.hpp>
#include <charconv>

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

bool is_true(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

/// No file of ours says more than the ten minutes a shot may stand.
Duration bounded(int64_t us) {
  return std::clamp(Duration(us), Duration(0), Duration(std::chrono::minutes(10)));
}

json::array monitors_json(const std::vector<Monitor>& monitors) {
  json::array list;
  for (const Monitor& m : monitors) list.push_back(json::array{m.x, m.y, m.width, m.height});
  return list;
}

std::vector<Monitor> monitors_of(const json::object& object) {
  constexpr std::size_t kMostMonitors = 16;
  const json::value* value = object.if_contains("monitors");
  const json::array* list = value ? value->if_array() : nullptr;
  std::vector<Monitor> monitors;
  for (std::size_t i = 0; list != nullptr && i < std::min(list->size(), kMostMonitors); ++i) {
    const json::array* one = (*list)[i].if_array();
    if (one == nullptr || one->size() != 4) return {};
    std::array<int, 4> numbers{};
    for (std::size_t n = 0; n < numbers.size(); ++n) {
      const int64_t* number = (*one)[n].if_int64();
      if (number == nullptr || *number != static_cast<int>(*number)) return {};
      numbers[n] = static_cast<int>(*number);
    }
    monitors.push_back({numbers[0], numbers[1], numbers[2], numbers[3]});
  }
  return monitors;
}

/// Zero when it is none.
Digest digest_of(std::string_view hex) {
  Digest digest{};
  if (hex.size() != 2 * digest.size()) return digest;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const char* begin = hex.data() + 2 * i;
    const auto read = std::from_chars(begin, begin + 2, digest[i], 16);
    if (read.ec != std::errc{} || read.ptr != begin + 2) return {};
  }
  return digest;
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
  json::object object{
      {"title", facts.title},
      {"program", facts.program},
      {"user", facts.user},
      {"idle_ms", facts.idle_ms},
      {"agent_time_us", to_us(facts.agent_time)},
      {"input_sha256", facts.input_sha256},
      {"kind", facts.kind == EntryKind::same ? "same" : "shot"},
      {"locked", facts.locked},
      {"monitors", monitors_json(facts.monitors)},
      {"error_us", facts.error.count()},
      {"nominal_us", facts.nominal.count()},
      {"configured_us", facts.configured.count()},
  };
  if (facts.entry.number > 0) {
    object["agent"] = facts.entry.agent;
    object["number"] = facts.entry.number;
    object["chain"] = to_hex(facts.entry.chain);
    if (facts.entry.breaks) object["chain_breaks"] = true;
  }
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
  options.max_depth = 3;
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
  facts.kind = text_of(*object, "kind") == "same" ? EntryKind::same : EntryKind::shot;
  facts.locked = is_true(*object, "locked");
  facts.monitors = monitors_of(*object);
  facts.error = Duration(number_of(*object, "error_us"));
  facts.nominal = bounded(number_of(*object, "nominal_us"));
  facts.configured = bounded(number_of(*object, "configured_us"));
  facts.entry.agent = text_of(*object, "agent");
  facts.entry.number = static_cast<uint64_t>(std::max<int64_t>(number_of(*object, "number"), 0));
  facts.entry.chain = digest_of(text_of(*object, "chain"));
  facts.entry.breaks = is_true(*object, "chain_breaks");
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
