#include "server/entry_parser.h"

#include <algorithm>
#include <array>

#include "server/digests.h"
#include "server/limits.h"

namespace mj::server {
namespace {

constexpr std::size_t kFactsBytes = 16 * 1024;
constexpr std::size_t kAvcConfigBytes = 4 * 1024;
constexpr std::size_t kTextBytes = 512;
constexpr std::size_t kMostMonitors = 16;
constexpr int64_t kFarthestPixel = 1 << 20;
constexpr int64_t kLongestNominalMs = 10 * 60 * 1000;
constexpr int64_t kLatestUs = 7'258'118'400'000'000;  // 2200
constexpr uint64_t kMostEntries = uint64_t{1} << 62;  // a number beyond no agent reaches
constexpr std::string_view kMagic = "MJE1";

struct NamedState {
  std::string_view word;
  GapCause cause;
};
constexpr std::array kStates{
    NamedState{"locked", GapCause::screen_locked},
    NamedState{"no_session", GapCause::no_session},
    NamedState{"protected_content", GapCause::protected_content},
    NamedState{"paused", GapCause::paused_by},
    NamedState{"asleep", GapCause::workstation_asleep},
    NamedState{"agent_stopped", GapCause::agent_stopped},
    NamedState{"no_display", GapCause::no_display},
};

/// Takes little-endian numbers and blocks off the front; nothing more once something did not fit.
class Source {
 public:
  explicit Source(BytesView bytes) : rest_(bytes) {}

  [[nodiscard]] BytesView take(std::size_t length) {
    ok_ = ok_ && length <= rest_.size();
    if (!ok_) return {};
    const BytesView front = rest_.first(length);
    rest_ = rest_.subspan(length);
    return front;
  }
  [[nodiscard]] uint64_t number(std::size_t width) {
    uint64_t value = 0;
    const BytesView bytes = take(width);
    for (std::size_t i = 0; i < bytes.size(); ++i) value |= uint64_t{bytes[i]} << (8 * i);
    return value;
  }
  /// A u32 length and as many bytes, at most `most`.
  [[nodiscard]] BytesView block(std::size_t most) {
    const uint64_t length = number(4);
    ok_ = ok_ && length <= most;
    return take(ok_ ? static_cast<std::size_t>(length) : 0);
  }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool empty() const { return rest_.empty(); }
  [[nodiscard]] BytesView rest() const { return rest_; }

 private:
  BytesView rest_;
  bool ok_ = true;
};

bool is_sha256_hex(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::vector<capture::Monitor> read_monitors(Fields& fields) {
  std::vector<capture::Monitor> monitors;
  for (const auto& numbers :
       fields.integer_rows("monitors", kMostMonitors, 4, -kFarthestPixel, kFarthestPixel)) {
    monitors.push_back({static_cast<int>(numbers[0]), static_cast<int>(numbers[1]),
                        static_cast<int>(numbers[2]), static_cast<int>(numbers[3])});
  }
  return monitors;
}

void read_desktop(Fields& fields, capture::ShotFacts& facts) {
  facts.title = fields.free_text("title", kTextBytes);
  facts.program = fields.free_text("program", kTextBytes);
  facts.user = fields.free_text("user", kTextBytes);
  facts.idle_ms = fields.integer("idle_ms", 0, INT64_MAX);
  facts.locked = fields.boolean("locked");
  facts.monitors = read_monitors(fields);
}

void read_state(Fields& fields, capture::Entry& entry) {
  const std::string word = fields.text("state", kTextBytes);
  const auto state = std::find_if(kStates.begin(), kStates.end(),
                                  [&](const NamedState& known) { return known.word == word; });
  if (state == kStates.end()) {
    fields.fail("state",
                "must be locked, no_session, protected_content, paused, asleep, agent_stopped or no_display");
    return;
  }
  entry.state = state->cause;
  entry.detail = fields.free_text("detail", kTextBytes);
  const std::string by = fields.free_text("by", kTextBytes);
  if (entry.state == GapCause::paused_by && entry.detail.empty())
    fields.fail("detail", "a pause needs a reason");
  if (!by.empty()) entry.detail = fmt::format("{}: {}", by, entry.detail);
}

Checked<void> read_json(const json::object& object, const std::string& path, capture::Entry& out) {
  Fields fields(object, path);
  const std::string kind = fields.text("kind", kTextBytes);
  out.kind = kind == "same"    ? capture::EntryKind::same
             : kind == "state" ? capture::EntryKind::state
                               : capture::EntryKind::shot;
  const bool state = out.kind == capture::EntryKind::state;
  if (kind != "shot" && kind != "same" && !state) fields.fail("kind", "must be shot, same or state");
  out.at = from_us(fields.integer("at_us", 0, kLatestUs));
  out.error = Duration(fields.integer("error_us", 0, kLatestUs));
  out.facts.agent_time = from_us(fields.integer("agent_time_us", 0, kLatestUs));
  out.offset = Duration(fields.integer("offset_us", -kLatestUs, kLatestUs));
  out.nominal = std::chrono::milliseconds(fields.integer("nominal_ms", state ? 0 : 1, kLongestNominalMs));
  out.configured = std::chrono::milliseconds(fields.integer("configured_ms", 0, kLongestNominalMs));
  if (state) {
    read_state(fields, out);
    return fields.finish();
  }
  read_desktop(fields, out.facts);
  if (out.kind == capture::EntryKind::shot) {
    out.key = fields.boolean("key");
    out.facts.input_sha256 = fields.text("input_sha256", 64);
    if (!is_sha256_hex(out.facts.input_sha256))
      fields.fail("input_sha256", "must be 64 lower-case hexadecimal digits");
  }
  return fields.finish();
}

/// One entry behind its length.
Checked<capture::Entry> parse_entry(BytesView bytes, const std::string& path) {
  Source source(bytes);
  if (as_text(source.take(kMagic.size())) != kMagic) return refuse(path, "does not begin with MJE1");
  capture::Entry entry;
  entry.ref.number = source.number(8);
  const BytesView previous = source.take(entry.previous.size());
  std::copy(previous.begin(), previous.end(), entry.previous.begin());
  const BytesView facts = source.block(kFactsBytes);
  if (!source.ok()) return refuse(path, "is cut, or the length of its JSON part is wrong");
  const BytesView avc_config = source.block(kAvcConfigBytes);
  if (!source.ok()) return refuse(path, "the length of its decoder configuration is wrong");
  if (entry.ref.number == 0 || entry.ref.number > kMostEntries)
    return refuse(path + ".number", "must be 1 or more");
  auto object = parse_json_object(as_text(facts));
  if (!object) return refuse(path, object.error().path + ": " + object.error().error.message);
  if (auto done = read_json(*object, path, entry); !done) return tl::unexpected(std::move(done).error());
  entry.ref.chain = sha256(as_text(bytes));
  entry.avc_config = std::string(as_text(avc_config));
  entry.access_unit.assign(source.rest().begin(), source.rest().end());
  return entry;
}

}  // namespace

ParsedEntries parse_entries(BytesView body) {
  ParsedEntries out;
  Source source(body);
  while (!source.empty()) {
    const std::string path = fmt::format("entries[{}]", out.entries.size());
    const BytesView bytes = source.block(kEntriesBody);
    if (!source.ok() || out.entries.size() == kEntriesPerUpload) {
      out.problem =
          refuse(path, source.ok() ? fmt::format("at most {} entries come at once", kEntriesPerUpload)
                                   : "its length is longer than the body")
              .value();
      return out;
    }
    auto entry = parse_entry(bytes, path);
    if (!entry) {
      out.problem = std::move(entry).error();
      return out;
    }
    out.entries.push_back(std::move(*entry));
  }
  return out;
}

}  // namespace mj::server
