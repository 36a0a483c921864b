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

void read_item(Fields& fields, const std::string& path, index::Event& event,
               std::optional<Refusal>& problem) {
  const json::object* object = fields.optional_object("item");
  if (object == nullptr) return;
  Fields item(*object, path + ".item");
  event.item_code = item.text("code", kItemCodeBytes);
  event.item_name = item.text("name", kItemNameBytes);
  if (auto done = item.finish(); !done) problem = std::move(done).error();
}

void read_type(Fields& fields, index::Event& event) {
  const auto type = index::event_type_from(fields.text("type", kStepBytes));
  if (!type) {
    fields.fail("type", "must be ticket_called, ticket_finished or case_step");
    return;
  }
  event.type = *type;
  if (event.type == index::Event::Type::case_step) {
    event.case_number = fields.text("case", kCaseNumberBytes);
    event.step = fields.text("step", kStepBytes);
    event.window = fields.optional_text("window", kConfigIdBytes);
  } else {
    event.window = fields.text("window", kConfigIdBytes);
    event.ticket = fields.text("ticket", kTicketBytes);
    event.case_number = fields.optional_text("case", kCaseNumberBytes);
  }
}

void check_meaning(Fields& fields, const index::Event& event, WallTime now) {
  constexpr int64_t kYear2000 = 946'684'800'000'000;
  if (to_us(event.at) < kYear2000) fields.fail("at", "is before the year 2000");
  if (event.at > now + std::chrono::hours(24))
    fields.fail("at", "is more than a day ahead of the server's clock");
  if (!event.case_number.empty()) {
    if (const auto folded = index::fold_case_number(event.case_number); !folded) {
      fields.fail("case", folded.error().message);
    }
  }
}

Checked<index::Event> parse_event(const json::value& value, const std::string& path, WallTime now) {
  if (!value.is_object()) return refuse(path, "must be an object");
  index::Event event;
  std::optional<Refusal> item_problem;
  Fields fields(value.get_object(), path);
  event.id = fields.text("id", kEventIdBytes);
  event.at = fields.time("at");
  read_type(fields, event);
  event.clerk = fields.optional_text("clerk", kConfigIdBytes);
  read_item(fields, path, event, item_problem);
  check_meaning(fields, event, now);
  if (auto done = fields.finish(); !done) return tl::unexpected<Refusal>(std::move(done).error());
  if (item_problem) return tl::unexpected<Refusal>(std::move(*item_problem));
  return event;
}

}  // namespace

Checked<std::vector<index::Event>> parse_events(std::string_view body, WallTime now) {
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
    auto event = parse_event(values[i], fmt::format("$.events[{}]", i), now);
    if (!event) return tl::unexpected<Refusal>(std::move(event).error());
    event->raw = std::string(raw.at(i));
    events.push_back(std::move(*event));
  }
  return events;
}

Refusal refusal_of_index(const Error& error) {
  const auto colon = error.message.find(": ");
  if (!error.message.starts_with("events[") || colon == std::string::npos) return {error, ""};
  return {Error{error.kind, error.message.substr(colon + 2)}, "$." + error.message.substr(0, colon)};
}

}  // namespace mj::server
