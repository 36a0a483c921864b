#include "server/feeds/importer.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>

#include "server/event_parser.h"
#include "server/feeds/charset.h"
#include "server/feeds/csv.h"

namespace mj::server {
namespace {

constexpr size_t kBatchEvents = 500;
constexpr size_t kBatchBytes = 700'000;
constexpr size_t kMaxFileBytes = 256U << 20;
constexpr int64_t kRowsBetweenProgress = 200;

json::value parsed(std::string_view text, json::error_code& ec) {
  return json::parse({text.data(), text.size()}, ec);
}

std::string cell_of(const json::value& value) {
  if (value.is_null()) return {};
  if (const auto* text = value.if_string()) return std::string(trimmed({text->data(), text->size()}));
  return json::serialize(value);
}

/// One object: an event, or a row whose columns are its keys.
Result<void> take_object(Importer& importer, bool mapped, int line, const json::value& value) {
  if (!mapped) return importer.event(line, json::serialize(value));
  const auto* object = value.if_object();
  if (object == nullptr) {
    importer.refuse({line, "", "an object whose keys are column names was expected"});
    return {};
  }
  std::vector<std::string> cells;
  for (const auto& column : importer.columns()) {
    const auto* cell = object->if_contains(column);
    cells.push_back(cell == nullptr ? "" : cell_of(*cell));
  }
  return importer.row(line, cells);
}

Result<void> import_list(Importer& importer, bool mapped, const json::value& root) {
  const auto* list = root.if_array();
  if (const auto* object = root.if_object(); object != nullptr && object->contains("events")) {
    list = object->at("events").if_array();
  }
  if (list == nullptr) {
    return fail(ErrorKind::invalid, "a list, or {{\"events\":[…]}}, or one object a line was expected");
  }
  int position = 0;
  for (const auto& value : *list) MJ_CHECK(take_object(importer, mapped, ++position, value));
  return {};
}

using Progress = std::function<bool(size_t, size_t)>;

Result<void> told(const Progress& progress, size_t done, size_t total) {
  if (progress(done, total)) return {};
  return fail(ErrorKind::cancelled, "stopped");
}

Result<void> import_json_lines(Importer& importer, bool mapped, std::string_view text,
                               const Progress& progress) {
  const size_t total = text.size();
  for (int line = 1; !text.empty(); ++line) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view one = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (one.empty()) continue;
    json::error_code ec;
    const json::value value = parsed(one, ec);
    if (ec) {
      importer.refuse({line, "", fmt::format("not JSON: {}", ec.message())});
    } else {
      MJ_CHECK(mapped ? take_object(importer, mapped, line, value) : importer.event(line, std::string(one)));
    }
    if (line % kRowsBetweenProgress == 0) MJ_CHECK(told(progress, total - text.size(), total));
  }
  return {};
}

Result<void> import_csv(Importer& importer, const config::Mapping& mapping, std::string_view text,
                        const Progress& progress) {
  CsvReader reader(text, mapping.delimiter, mapping.header_line);
  MJ_TRY(const auto header, reader.next());
  if (!header) return fail(ErrorKind::invalid, "the file is empty");
  if (auto used = importer.use_columns(header->cells); !used) {
    return tl::unexpected(used.error().within(fmt::format("line {}", header->line)));
  }
  while (true) {
    MJ_TRY(const auto row, reader.next());
    if (!row) return {};
    MJ_CHECK(importer.row(row->line, row->cells));
    if (importer.report().rows % kRowsBetweenProgress == 0) {
      MJ_CHECK(told(progress, reader.position(), text.size()));
    }
  }
}

}  // namespace

std::string ImportProblem::to_string() const {
  return column.empty() ? fmt::format("line {}: {}", line, message)
                        : fmt::format("line {}, column \"{}\": {}", line, column, message);
}

std::string ImportReport::summary() const {
  std::string fresh = fmt::format("{} new", accepted);
  if (replaced > 0) fresh += fmt::format(" ({} of them replace what was told before)", replaced);
  std::string known = fmt::format("{} known already", duplicates);
  if (different > 0) {
    known += fmt::format(
        " ({} of them told otherwise now, but a row that corrects or withdraws counts as it came first)",
        different);
  }
  return fmt::format("{} rows, {} events: {}, {}, {} refused", rows, events, fresh, known, refused);
}

Result<void> Importer::row(int line, const std::vector<std::string>& cells) {
  ++report_.rows;
  const MadeRow made = maker_.make(cells);
  for (const auto& problem : made.problems) refuse({line, problem.column, problem.message});
  for (const auto& event : made.events) MJ_CHECK(take(event.json, {line, event.entry}));
  return {};
}

Result<void> Importer::event(int line, const std::string& json) {
  ++report_.rows;
  return take(json, {line, std::nullopt});
}

void Importer::refuse(ImportProblem problem) {
  ++report_.refused;
  if (report_.problems.size() < ImportReport::kMaxProblems) report_.problems.push_back(std::move(problem));
}

/// `message` begins with the field: "window: no window …".
void Importer::refuse_at(const Place& place, const std::string& message) {
  const auto colon = message.find(": ");
  std::string column;
  if (place.entry && colon != std::string::npos) {
    column = maker_.column_of(*place.entry, std::string_view(message).substr(0, colon));
  }
  refuse({place.line, column, column.empty() ? message : message.substr(colon + 2)});
}

Result<void> Importer::take(const std::string& json, Place place) {
  auto event = parse_line(json, source_.clock.now(), source_.feed.clock_offset);
  if (!event) {
    refuse_at(place, sentence_of(event.error()));
    return {};
  }
  ++report_.events;
  if (report_.preview.size() < ImportReport::kPreview) report_.preview.push_back(json);
  batch_bytes_ += json.size() + 1;
  batch_.push_back(std::move(*event));
  places_.push_back(place);
  return batch_.size() >= kBatchEvents || batch_bytes_ >= kBatchBytes ? finish() : Result<void>{};
}

Result<void> Importer::finish() {
  if (batch_.empty()) return {};
  MJ_TRY(const auto taken, sink_(batch_));
  report_.accepted += taken.accepted;
  report_.duplicates += taken.duplicates;
  report_.replaced += taken.replaced;
  report_.different += taken.different;
  for (const auto& refused : taken.refused) refuse_at(places_.at(refused.position), refused.message);
  batch_.clear();
  places_.clear();
  batch_bytes_ = 0;
  return {};
}

Result<void> import_bytes(Importer& importer, const config::Mapping& mapping, bool mapped, std::string bytes,
                          const Progress& progress) {
  MJ_TRY(const std::string text, to_utf8(std::move(bytes), mapping.encoding));
  const std::string_view body = trimmed(text);
  const bool object = body.starts_with('{');
  if (mapped && (object || body.starts_with('['))) MJ_CHECK(importer.use_columns(importer.columns()));
  if (body.starts_with('[') || object) {
    json::error_code ec;
    // Several objects, one a line, are no JSON document as a whole.
    const json::value root = parsed(body, ec);
    const bool list = !ec && (root.is_array() || root.as_object().contains("events"));
    if (ec && !object) return fail(ErrorKind::invalid, "the file is not JSON: {}", ec.message());
    MJ_CHECK(list ? import_list(importer, mapped, root)
                  : import_json_lines(importer, mapped, text, progress));
  } else {
    MJ_CHECK(import_csv(importer, mapping, text, progress));
  }
  MJ_CHECK(importer.finish());
  return told(progress, text.size(), text.size());
}

Result<index::Ingested> look_only(const config::Settings& settings, const std::vector<index::Event>& events) {
  index::Ingested looked;
  for (size_t i = 0; i < events.size(); ++i) {
    const std::string& window = events[i].window;
    const bool known = window.empty() || std::ranges::find(settings.windows, window, &config::Window::id) !=
                                             settings.windows.end();
    std::string fault = index::fault_of(events[i]);
    if (fault.empty() && !known) fault = fmt::format("window: no window \"{}\" in the settings", window);
    if (!fault.empty()) looked.refused.push_back({i, std::move(fault)});
  }
  return looked;
}

Result<std::string> read_import_file(const std::filesystem::path& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (error) return fail_errno(error.value(), file.string());
  if (size > kMaxFileBytes) {
    return fail(ErrorKind::invalid, "{}: larger than {} MiB; split it into several files", file.string(),
                kMaxFileBytes >> 20U);
  }
  std::ifstream in(file, std::ios::binary);
  std::string bytes(size, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(size));
  if (in.gcount() != static_cast<std::streamsize>(size)) {
    return fail(ErrorKind::unavailable, "{}: cannot be read to its end", file.string());
  }
  return bytes;
}

}  // namespace mj::server
