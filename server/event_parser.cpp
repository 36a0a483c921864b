#include "server/event_parser.h"

#include "server/limits.h"
#include "server/text.h"

namespace mj::server {
namespace {

constexpr std::size_t kEventIdBytes = 128;
constexpr std::size_t kTicketBytes = 64;
constexpr std::size_t kStepBytes = 64;
constexpr std::size_t kCaseNumberBytes = 256;  // 64 code points
constexpr std::size_t kItemCodeBytes = 128;
constexpr std::size_t kItemNameBytes = 512;
constexpr std::size_t kConfigIdBytes = 48;
constexpr std::size_t kNoteBytes = 4096;
constexpr int64_t kMaxPromisedDays = 3650;
constexpr auto kPlannedAhead = std::chrono::hours(366 * 24);
constexpr const char* kTypes =
    "must be ticket_called, ticket_finished, case_step, roster, sign_in, sign_out, rating, complaint or "
    "withdrawn";

using Type = index::Event::Type;

void read_item(Fields& fields, const std::string& path, index::Event& event,
               std::optional<Refusal>& problem) {
  const json::object* object = fields.optional_object("item");
  if (object == nullptr) return;
  Fields item(*object, path + ".item");
  event.item_code = item.optional_text("code", kItemCodeBytes);
  event.item_name = item.text("name", kItemNameBytes);
  if (item.has("promised_days")) event.promised_days = item.integer("promised_days", 0, kMaxPromisedDays);
  event.risk = item.optional_text("risk", 1);
  if (auto done = item.finish(); !done) problem = std::move(done).error();
}

/// What only some types have. The index says which of it they need.
void read_kind(Fields& fields, index::Event& event) {
  const bool ticket = event.type == Type::ticket_called || event.type == Type::ticket_finished;
  const bool duty = event.type == Type::roster || event.type == Type::sign_in || event.type == Type::sign_out;
  const bool step = event.type == Type::case_step;
  const bool window_needed = ticket || event.type == Type::roster || event.type == Type::sign_in;
  event.window =
      window_needed ? fields.text("window", kConfigIdBytes) : fields.optional_text("window", kConfigIdBytes);
  if (ticket) event.ticket = fields.text("ticket", kTicketBytes);
  if (step) event.case_number = fields.text("case", kCaseNumberBytes);
  if (step) event.step = fields.text("step", kStepBytes);
  if (event.type == Type::roster) event.until = fields.time("until");
  if (event.type == Type::rating) event.score = fields.integer("score", 1, 5);
  if (event.type == Type::rating) event.note = fields.free_text("text", kNoteBytes);
  if (event.type == Type::complaint) event.note = fields.free_text("text", kNoteBytes);
  if (!ticket && !duty && !step) event.ticket = fields.optional_text("ticket", kTicketBytes);
  if (!duty && !step) event.case_number = fields.optional_text("case", kCaseNumberBytes);
  event.clerk = duty ? fields.text("clerk", kConfigIdBytes) : fields.optional_text("clerk", kConfigIdBytes);
}

void read_type(Fields& fields, const std::string& path, index::Event& event,
               std::optional<Refusal>& item_problem) {
  const auto type = index::event_type_from(fields.text("type", kStepBytes));
  if (!type) return fields.fail("type", kTypes);
  event.type = *type;
  if (event.type == Type::withdrawn) {
    event.corrects = fields.text("withdraws", kEventIdBytes);
    return;
  }
  event.corrects = fields.optional_text("corrects", kEventIdBytes);
  read_kind(fields, event);
  read_item(fields, path, event, item_problem);
}

void check_meaning(Fields& fields, const index::Event& event, WallTime now) {
  constexpr int64_t kYear2000 = 946'684'800'000'000;
  if (to_us(event.at) < kYear2000) fields.fail("at", "is before the year 2000");
  const bool planned = event.type == Type::roster;
  if (event.at > now + (planned ? kPlannedAhead : std::chrono::hours(24))) {
    fields.fail("at", fmt::format("is more than a {} ahead of the server's clock", planned ? "year" : "day"));
  }
  if (!event.case_number.empty()) {
    if (const auto folded = index::fold_case_number(event.case_number); !folded) {
      fields.fail("case", folded.error().message);
    }
  }
}

Checked<index::Event> parse_event(const json::value& value, const std::string& path, WallTime now,
                                  Duration clock_offset) {
  if (!value.is_object()) return refuse(path, "must be an object");
  index::Event event;
  std::optional<Refusal> item_problem;
  Fields fields(value.get_object(), path);
  event.id = fields.text("id", kEventIdBytes);
  event.at = fields.time("at") - clock_offset;
  event.clock_offset = clock_offset;
  read_type(fields, path, event, item_problem);
  if (event.until) *event.until -= clock_offset;
  check_meaning(fields, event, now);
  if (auto done = fields.finish(); !done) return tl::unexpected<Refusal>(std::move(done).error());
  if (item_problem) return tl::unexpected<Refusal>(std::move(*item_problem));
  return event;
}

}  // namespace

Checked<std::vector<index::Event>> parse_events(std::string_view body, WallTime now, Duration clock_offset) {
  auto root = parse_json_object(body);
  if (!root) return tl::unexpected<Refusal>(std::move(root).error());
  const json::value* list = root->if_contains("events");
  if (list == nullptr || !list->is_array()) return refuse("$.events", "must be a list");
  for (const auto& field : *root) {
    if (field.key() != "events")
      return refuse("$." + std::string(std::string_view(field.key())), "is not known here");
  }
  const json::array& values = list->get_array();
  if (values.empty() || values.size() > kEventsPerBatch) {
    return refuse("$.events", fmt::format("must hold 1 to {} events", kEventsPerBatch));
  }
  const std::vector<std::string_view> raw = array_elements(body);
  std::vector<index::Event> events;
  events.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto event = parse_event(values[i], fmt::format("$.events[{}]", i), now, clock_offset);
    if (!event) return tl::unexpected<Refusal>(std::move(event).error());
    event->raw = std::string(raw.at(i));
    events.push_back(std::move(*event));
  }
  return events;
}

Checked<index::Event> parse_line(std::string_view line, WallTime now, Duration clock_offset) {
  auto value = parse_json(line);
  if (!value) return tl::unexpected<Refusal>(std::move(value).error());
  auto event = parse_event(*value, "$", now, clock_offset);
  if (event) event->raw = std::string(line);
  return event;
}

std::string sentence_of(const Refusal& refusal) {
  if (!refusal.path.starts_with("$.")) return refusal.error.message;
  return fmt::format("{}: {}", refusal.path.substr(2), refusal.error.message);
}

Checked<ParsedLines> parse_lines(std::string_view body, WallTime now, Duration clock_offset) {
  ParsedLines lines;
  for (int line = 1; !body.empty(); ++line) {
    if (line > kLinesPerBatch) return refuse("$", fmt::format("must be at most {} lines", kLinesPerBatch));
    const auto end = std::min(body.find('\n'), body.size());
    std::string_view text = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (text.find_first_not_of(" \t") == std::string_view::npos) continue;
    auto event = parse_line(text, now, clock_offset);
    if (event) {
      lines.events.push_back(std::move(*event));
      lines.line_of_event.push_back(line);
    } else {
      lines.refused.push_back({line, sentence_of(event.error())});
    }
  }
  return lines;
}

Refusal refusal_of_index(const Error& error) {
  const auto colon = error.message.find(": ");
  if (!error.message.starts_with("events[") || colon == std::string::npos) return {error, ""};
  return {Error{error.kind, error.message.substr(colon + 2)}, "$." + error.message.substr(0, colon)};
}

}  // namespace mj::server
