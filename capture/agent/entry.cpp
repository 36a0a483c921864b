#include "capture/agent/entry.h"

#include <algorithm>
#include <boost/json.hpp>

#include "capture/agent/crypto.h"
#include "capture/agent/little_endian.h"
#include "capture/agent/utf8.h"

namespace mj::agent {

namespace {

namespace json = boost::json;

constexpr std::string_view kMagic = "MJE1";
constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kNumberAt = kLengthBytes + 4;
constexpr std::size_t kPreviousAt = kNumberAt + 8;
constexpr std::size_t kJsonAt = kPreviousAt + 32;
constexpr std::size_t kMaxText = 512;
constexpr std::size_t kMaxMonitors = 16;

const char* wire_name(EntryKind kind) {
  switch (kind) {
    case EntryKind::shot:
      return "shot";
    case EntryKind::same:
      return "same";
    case EntryKind::state:
      return "state";
  }
  return "";
}

void add_facts(json::object& out, const ScreenFacts& facts) {
  out["title"] = clean_utf8(facts.title, kMaxText);
  out["program"] = clean_utf8(facts.program, kMaxText);
  out["user"] = clean_utf8(facts.user, kMaxText);
  out["idle_ms"] = facts.idle_ms;
  out["locked"] = facts.locked;
  json::array monitors;
  for (std::size_t i = 0; i < std::min(facts.monitors.size(), kMaxMonitors); ++i) {
    const Monitor& monitor = facts.monitors[i];
    monitors.push_back(json::array{monitor.x, monitor.y, monitor.width, monitor.height});
  }
  out["monitors"] = std::move(monitors);
}

std::string json_of(const Entry& entry) {
  json::object out{{"kind", wire_name(entry.kind)},
                   {"at_us", to_us(entry.at)},
                   {"error_us", entry.error.count()},
                   {"agent_time_us", to_us(entry.agent_time)},
                   {"offset_us", entry.offset.count()},
                   {"nominal_ms", entry.nominal.count() / 1000},
                   {"configured_ms", entry.configured.count() / 1000}};
  if (entry.kind == EntryKind::state) {
    out["state"] = wire_name(entry.state);
    out["detail"] = clean_utf8(entry.detail, kMaxText);
    if (entry.state == ScreenState::paused) out["by"] = clean_utf8(entry.by, kMaxText);
    return json::serialize(out);
  }
  add_facts(out, entry.facts);
  if (entry.kind == EntryKind::shot) {
    out["key"] = entry.key;
    out["input_sha256"] = entry.input_sha256;
  }
  return json::serialize(out);
}

/// The member as the type it must have; nothing when it is missing or another.
template <class T>
std::optional<T> member(const json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr) return std::nullopt;
  const auto converted = json::try_value_to<T>(*value);
  return converted ? std::optional<T>(*converted) : std::nullopt;
}

Result<void> read_json(std::string_view text, EntryHead& head) {
  boost::system::error_code error;
  const json::value value = json::parse(boost::core::string_view(text.data(), text.size()), error);
  if (error || !value.is_object()) return fail(ErrorKind::corrupt, "an entry's facts are not JSON");
  const json::object& object = value.get_object();
  const auto kind = member<std::string>(object, "kind");
  const auto at = member<int64_t>(object, "at_us");
  const auto nominal = member<int64_t>(object, "nominal_ms");
  const auto offset = member<int64_t>(object, "offset_us");
  if (!kind || !at || !nominal || !offset) return fail(ErrorKind::corrupt, "an entry lacks facts");
  head.kind = *kind == "shot" ? EntryKind::shot : *kind == "same" ? EntryKind::same : EntryKind::state;
  head.at = from_us(*at);
  head.nominal = std::chrono::milliseconds(*nominal);
  head.offset = Duration(*offset);
  head.key = member<bool>(object, "key").value_or(false);
  head.state = member<std::string>(object, "state").value_or("");
  return {};
}

}  // namespace

const char* wire_name(ScreenState state) {
  switch (state) {
    case ScreenState::locked:
      return "locked";
    case ScreenState::no_session:
      return "no_session";
    case ScreenState::protected_content:
      return "protected_content";
    case ScreenState::paused:
      return "paused";
    case ScreenState::asleep:
      return "asleep";
    case ScreenState::agent_stopped:
      return "agent_stopped";
    case ScreenState::no_display:
      return "no_display";
  }
  return "";
}

Bytes encode_entry(const Entry& entry, uint64_t number, const Digest& previous) {
  const std::string facts = json_of(entry);
  const std::string config = entry.kind == EntryKind::shot && entry.key ? entry.avc_config : "";
  Bytes out;
  out.reserve(kJsonAt + 8 + facts.size() + config.size() + entry.access_unit.size());
  append_u32(out, 0);
  append(out, as_bytes(kMagic));
  append_u64(out, number);
  append(out, previous);
  append_u32(out, facts.size());
  append(out, as_bytes(facts));
  append_u32(out, config.size());
  append(out, as_bytes(config));
  if (entry.kind == EntryKind::shot) append(out, entry.access_unit);
  put_u32(out, 0, out.size() - kLengthBytes);
  return out;
}

Result<EntryHead> read_head(BytesView encoded) {
  if (encoded.size() < kJsonAt + 8 || read_u32(encoded, 0) != encoded.size() - kLengthBytes ||
      as_text(encoded.subspan(kLengthBytes, kMagic.size())) != kMagic) {
    return fail(ErrorKind::corrupt, "not an entry");
  }
  EntryHead head;
  head.number = read_u64(encoded, kNumberAt);
  std::ranges::copy(encoded.subspan(kPreviousAt, head.previous.size()), head.previous.begin());
  const std::size_t size = read_u32(encoded, kJsonAt);
  if (size > encoded.size() - kJsonAt - 8) return fail(ErrorKind::corrupt, "an entry is cut short");
  MJ_CHECK(read_json(as_text(encoded.subspan(kJsonAt + 4, size)), head));
  return head;
}

Digest chain_hash(BytesView encoded) {
  return sha256(encoded.subspan(kLengthBytes));
}

Bytes renumbered(BytesView encoded, uint64_t number, const Digest& previous) {
  Bytes out(encoded.begin(), encoded.end());
  put_u64(out, kNumberAt, number);
  std::ranges::copy(previous, out.begin() + kPreviousAt);
  return out;
}

}  // namespace mj::agent
