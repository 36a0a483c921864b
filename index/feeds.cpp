#include "index/feeds.h"

#include <algorithm>
#include <array>

#include "index/impl.h"
#include "index/ingest.h"

namespace mj::index {

namespace {

constexpr std::array<std::pair<Event::Type, const char*>, 9> kTypes{{
    {Event::Type::ticket_called, "ticket_called"},
    {Event::Type::ticket_finished, "ticket_finished"},
    {Event::Type::case_step, "case_step"},
    {Event::Type::roster, "roster"},
    {Event::Type::sign_in, "sign_in"},
    {Event::Type::sign_out, "sign_out"},
    {Event::Type::rating, "rating"},
    {Event::Type::complaint, "complaint"},
    {Event::Type::withdrawn, "withdrawn"},
}};

constexpr const char* kCursor = "SELECT cursor FROM feed_cursors WHERE source = ?1";
constexpr const char* kMoveCursor =
    "INSERT INTO feed_cursors (source, cursor, moved_us) VALUES (?1, ?2, ?3)"
    " ON CONFLICT DO UPDATE SET cursor = excluded.cursor, moved_us = excluded.moved_us";

}  // namespace

const char* name(Event::Type type) {
  return std::ranges::find(kTypes, type, &decltype(kTypes)::value_type::first)->second;
}

std::optional<Event::Type> event_type_from(std::string_view name_text) {
  const auto found =
      std::ranges::find(kTypes, name_text, [](const auto& entry) { return std::string_view(entry.second); });
  if (found == kTypes.end()) return std::nullopt;
  return found->first;
}

Result<Ingested> Feeds::take(const std::string& source, const std::vector<Event>& events) {
  return index_.ingest(source, events);
}

Result<Ingested> Feeds::take_each(const std::string& source, const std::vector<Event>& events) {
  return take_by(Take::each, source, events);
}

Result<Ingested> Feeds::take_rows(const std::string& source, const std::vector<Event>& events) {
  return take_by(Take::each_row, source, events);
}

Result<Ingested> Feeds::take_by(Take how, const std::string& source, const std::vector<Event>& events) {
  Ingested ingested;
  MJ_CHECK(index_.impl_->writer->call([&](Database& database) -> Result<void> {
    MJ_TRY(ingested, ingest_events(database, source, events, index_.impl_->clock.now(), how));
    return {};
  }));
  index_.impl_->count(source, ingested);
  return ingested;
}

Result<std::string> Feeds::cursor(const std::string& source) const {
  MJ_TRY(const auto lease, index_.impl_->readers->lease());
  const auto text = [](const Statement& row) { return row.text(0); };
  MJ_TRY(const auto cursor, (*lease).first(kCursor, text, source));
  return cursor.value_or("");
}

Result<void> Feeds::move_cursor(const std::string& source, const std::string& cursor) {
  return index_.impl_->writer->call([&](Database& database) {
    return database.run(kMoveCursor, source, cursor, index_.impl_->clock.now());
  });
}

std::map<std::string, FeedStatus> Feeds::status() const {
  const MutexLock lock(index_.impl_->feed_mutex);
  return index_.impl_->feed_status;
}

void Feeds::tell_trouble(const std::string& source, const std::string& trouble) {
  const MutexLock lock(index_.impl_->feed_mutex);
  index_.impl_->feed_status[source].trouble = trouble;
}

}  // namespace mj::index
