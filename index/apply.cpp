#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "index/clerk_keys.h"
#include "index/impl.h"
#include "index/titles.h"

namespace mj::index {

namespace {

constexpr const char* kPutHall =
    "INSERT INTO halls (id, name, timezone) VALUES (?1, ?2, ?3)"
    " ON CONFLICT (id) DO UPDATE SET name = excluded.name, timezone = excluded.timezone";
constexpr const char* kPutArea =
    "INSERT INTO areas (id, name) VALUES (?1, ?2)"
    " ON CONFLICT (id) DO UPDATE SET name = excluded.name, removed_us = NULL";
constexpr const char* kPutWindow =
    "INSERT INTO windows (id, name, area) VALUES (?1, ?2, nullif(?3, ''))"
    " ON CONFLICT (id) DO UPDATE SET name = excluded.name, area = excluded.area, removed_us = NULL";
constexpr const char* kPutClerk =
    "INSERT INTO clerks (id, name) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET name = excluded.name";
constexpr const char* kPutWorkstation =
    "INSERT INTO workstations (id, name, clerk) VALUES (?1, ?2, nullif(?3, ''))"
    " ON CONFLICT (id) DO UPDATE SET name = excluded.name, clerk = excluded.clerk, removed_us = NULL";
constexpr const char* kAreas = "SELECT id FROM areas WHERE removed_us IS NULL";
constexpr const char* kRemoveArea = "UPDATE areas SET removed_us = ?2 WHERE id = ?1";
constexpr const char* kWindows = "SELECT id FROM windows WHERE removed_us IS NULL";
constexpr const char* kRemoveWindow = "UPDATE windows SET removed_us = ?2 WHERE id = ?1";
constexpr const char* kWorkstations = "SELECT id FROM workstations WHERE removed_us IS NULL";
constexpr const char* kRemoveWorkstation = "UPDATE workstations SET removed_us = ?2 WHERE id = ?1";
constexpr const char* kDescribeStream =
    "UPDATE streams SET name = ?2, purpose = ?3, legal_basis = ?4, removed_us = NULL WHERE id = ?1";
constexpr const char* kRemoveStream = "UPDATE streams SET removed_us = ?2 WHERE id = ?1";
constexpr const char* kMappings =
    "SELECT window, streams.key, role, from_us FROM window_streams"
    " JOIN streams ON streams.id = window_streams.stream WHERE to_us IS NULL";
constexpr const char* kPutMapping =
    "INSERT INTO window_streams (window, stream, role, from_us)"
    " SELECT ?1, id, ?3, ?4 FROM streams WHERE key = ?2";
constexpr const char* kEndMapping =
    "UPDATE window_streams SET to_us = ?5 WHERE window = ?1"
    " AND stream = (SELECT id FROM streams WHERE key = ?2) AND role = ?3 AND from_us = ?4";
constexpr const char* kDropMapping =
    "DELETE FROM window_streams WHERE window = ?1"
    " AND stream = (SELECT id FROM streams WHERE key = ?2) AND role = ?3 AND from_us = ?4";

constexpr const char* kNothingYet = "no footage yet since this stream was configured";

/// What the settings say about a stream's device.
struct Described {
  std::string name, purpose, legal_basis;
};

/// Window, stream, role.
using Mapping = std::tuple<std::string, StreamKey, std::string>;

/// Makes rows follow the settings, in one transaction. Thread and owner: one apply(). May run again from the
/// start.
class Follower {
 public:
  Follower(Database& database, const config::Settings& settings, WallTime now)
      : database_(database), settings_(settings), now_(now) {}

  Result<void> run() {
    MJ_CHECK(follow_places());
    MJ_CHECK(refresh_clerk_keys(database_));
    MJ_CHECK(follow_title_patterns(database_, settings_.cases.title_patterns));
    MJ_CHECK(follow_streams());
    return follow_mappings();
  }

  /// Streams whose end the tail must take up anew.
  [[nodiscard]] const std::vector<StreamEnd>& changed() const { return changed_; }

 private:
  Result<void> follow_places() {
    std::set<std::string> areas, windows, workstations;
    const auto& hall = settings_.hall;
    MJ_CHECK(database_.run(kPutHall, hall.id, hall.name, hall.timezone));
    for (const auto& area : settings_.areas) {
      areas.insert(area.id);
      MJ_CHECK(database_.run(kPutArea, area.id, area.name));
    }
    for (const auto& window : settings_.windows) {
      windows.insert(window.id);
      MJ_CHECK(database_.run(kPutWindow, window.id, window.name, window.area));
    }
    for (const auto& clerk : settings_.clerks) MJ_CHECK(database_.run(kPutClerk, clerk.id, clerk.name));
    for (const auto& workstation : settings_.workstations) {
      workstations.insert(workstation.id);
      MJ_CHECK(database_.run(kPutWorkstation, workstation.id, workstation.name, workstation.clerk));
    }
    MJ_CHECK(end_others(kAreas, kRemoveArea, areas));
    MJ_CHECK(end_others(kWindows, kRemoveWindow, windows));
    return end_others(kWorkstations, kRemoveWorkstation, workstations);
  }

  Result<void> end_others(const char* list, const char* remove, const std::set<std::string>& stay) {
    std::vector<std::string> gone;
    MJ_CHECK(database_.each(list, [&](const Statement& row) {
      if (!stay.contains(row.text(0))) gone.push_back(row.text(0));
    }));
    for (const auto& id : gone) MJ_CHECK(database_.run(remove, id, now_));
    return {};
  }

  Result<void> follow_streams() {
    std::set<StreamKey> stay;
    for (const auto& info : capture::streams_of(settings_)) {
      stay.insert(info.key);
      MJ_CHECK(follow_stream(info));
    }
    MJ_TRY(const auto streams, all_streams(database_));
    for (const auto& stream : streams) {
      if (!stream.removed && !stay.contains(stream.key)) MJ_CHECK(end_stream(stream));
    }
    return {};
  }

  Result<void> follow_stream(const capture::StreamInfo& info) {
    MJ_TRY(const auto before, find_stream(database_, info.key));
    if (!before) MJ_CHECK(ensure_stream(database_, info.key, now_));
    MJ_TRY(const auto stream, find_stream(database_, info.key));
    const Described said = describe(info);
    MJ_CHECK(database_.run(kDescribeStream, stream->id, said.name, said.purpose, said.legal_basis));
    if (before && !before->removed) return {};
    if (before && *before->removed < now_) {
      const Gap away{*before->removed, now_, GapCause::not_yet_configured,
                     "this stream was not configured then"};
      MJ_CHECK(change_gap(database_, info.key, {.remove = {}, .put = away, .carve = {}}));
    }
    const Gap nothing_yet{
        now_, std::nullopt,
        info.kind == StreamKind::screen ? GapCause::agent_away : GapCause::camera_unreachable, kNothingYet};
    MJ_CHECK(change_gap(database_, info.key, {.remove = {}, .put = nothing_yet, .carve = {}}));
    return take_end(*stream);
  }

  Result<void> end_stream(const StreamRow& stream) {
    MJ_CHECK(database_.run(kRemoveStream, stream.id, now_));
    MJ_TRY(auto end, stream_end(database_, stream));
    if (end.open_gap) {
      GapChange change{.remove = end.open_gap->begin, .put = {}, .carve = {}};
      if (end.open_gap->begin < now_) {
        end.open_gap->end = now_;
        change.put = end.open_gap;
      }
      MJ_CHECK(change_gap(database_, stream.key, change));
    }
    return take_end(stream);
  }

  Result<void> take_end(const StreamRow& stream) {
    MJ_TRY(auto end, stream_end(database_, stream));
    changed_.push_back(std::move(end));
    return {};
  }

  [[nodiscard]] Described describe(const capture::StreamInfo& info) const {
    if (info.kind == StreamKind::screen) {
      const auto it = std::ranges::find(settings_.workstations, info.device, &config::Workstation::id);
      return it == settings_.workstations.end() ? Described{} : Described{it->name, {}, {}};
    }
    const auto it = std::ranges::find(settings_.cameras, info.device, &config::Camera::id);
    return it == settings_.cameras.end() ? Described{} : Described{it->name, it->purpose, it->legal_basis};
  }

  [[nodiscard]] std::set<Mapping> wanted_mappings() const {
    std::set<Mapping> wanted;
    for (const auto& info : capture::streams_of(settings_)) {
      if (info.kind == StreamKind::screen) {
        const auto it = std::ranges::find(settings_.workstations, info.device, &config::Workstation::id);
        if (it != settings_.workstations.end() && !it->window.empty())
          wanted.emplace(it->window, info.key, "screen");
        continue;
      }
      const auto it = std::ranges::find(settings_.cameras, info.device, &config::Camera::id);
      if (it == settings_.cameras.end()) continue;
      if (!it->window.empty()) wanted.emplace(it->window, info.key, "counter");
      for (const auto& window : settings_.windows) {
        if (!it->area.empty() && window.area == it->area) wanted.emplace(window.id, info.key, "area");
      }
    }
    return wanted;
  }

  Result<void> follow_mappings() {
    auto wanted = wanted_mappings();
    std::map<Mapping, WallTime> ended;
    MJ_CHECK(database_.each(kMappings, [&](const Statement& row) {
      Mapping mapping{row.text(0), row.text(1), row.text(2)};
      if (wanted.erase(mapping) == 0) ended.emplace(std::move(mapping), row.time(3));
    }));
    for (const auto& [mapping, from] : ended) {
      const auto& [window, stream, role] = mapping;
      // After a clock step back a mapping could end before it began: then it never was.
      MJ_CHECK(from < now_ ? database_.run(kEndMapping, window, stream, role, from, now_)
                           : database_.run(kDropMapping, window, stream, role, from));
    }
    for (const auto& [window, stream, role] : wanted) {
      MJ_CHECK(database_.run(kPutMapping, window, stream, role, now_));
    }
    return {};
  }

  Database& database_;
  const config::Settings& settings_;
  WallTime now_;
  std::vector<StreamEnd> changed_;
};

}  // namespace

Result<void> Index::apply(const config::Settings& settings) {
  std::vector<StreamEnd> changed;
  const WallTime now = impl_->clock.now();
  MJ_CHECK(impl_->writer->call([&](Database& database) -> Result<void> {
    Follower follower(database, settings, now);
    MJ_CHECK(follower.run());
    changed = follower.changed();
    return {};
  }));
  for (const auto& end : changed) impl_->tail.resume(end);
  return {};
}

}  // namespace mj::index
