#include "server/json_out.h"

#include <algorithm>

namespace mj::server {
namespace {

template <class T>
json::array list_of(const std::vector<T>& items, json::object (*write)(const T&)) {
  json::array out;
  out.reserve(items.size());
  for (const T& item : items) out.push_back(write(item));
  return out;
}

json::object step_json(const index::CaseStep& step) {
  return {{"type", step.type},
          {"at_us", to_us(step.at)},
          {"window", to_json(step.window)},
          {"clerk", to_json(step.clerk)},
          {"source", step.source}};
}

json::value cause_of(const std::optional<GapCause>& cause) {
  return cause ? json::value(name(*cause)) : json::value(nullptr);
}

json::object stream_json(const index::VisitStream& stream) {
  return {
      {"key", stream.key},           {"kind", name(stream.kind)},       {"role", stream.role},
      {"name", stream.name},         {"purpose", stream.purpose},       {"legal_basis", stream.legal_basis},
      {"state", name(stream.state)}, {"cause", cause_of(stream.cause)}, {"detail", stream.detail}};
}

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

json::object link_json(const index::Link& link) {
  const bool stands = link.state == index::LinkState::confirmed || link.state == index::LinkState::added;
  return {{"source", link.source},
          {"confidence", link.confidence},
          {"why", link.why},
          {"interval", json::array{to_us(link.from), to_json(link.to)}},
          {"state", name(link.state)},
          {"by", text_or_null(link.by)},
          {"reason", text_or_null(link.reason)},
          {"decided_us", to_json(link.decided)},
          {"confirmed_by", stands ? text_or_null(link.by) : json::value(nullptr)}};
}

json::object numbered_link_json(const index::Link& link) {
  json::object out = link_json(link);
  out["case"] = link.case_number;
  return out;
}

json::value rating_json(const std::optional<int>& rating) {
  return rating ? json::value(*rating) : json::value(nullptr);
}

/// Without its links.
json::object bare_visit_json(const index::Visit& visit) {
  return {{"id", visit.id},
          {"ticket", visit.ticket},
          {"window", to_json(visit.window)},
          {"clerk", to_json(visit.clerk)},
          {"called_us", to_us(visit.called)},
          {"finished_us", to_json(visit.finished)},
          {"inferred", visit.inferred},
          {"rating", rating_json(visit.rating)},
          {"streams", list_of(visit.streams, stream_json)}};
}

json::object case_visit_json(const index::Visit& visit) {
  json::object out = bare_visit_json(visit);
  out["link"] = link_json(visit.link);
  return out;
}

json::object person_json(const index::HoldPerson& person) {
  return {{"login", person.login}, {"name", person.name}};
}

json::object span_json(const index::StreamSpan& span) {
  return {{"stream", span.stream}, {"from_us", to_us(span.from)}, {"to_us", to_us(span.to)}};
}

json::object gone_json(const index::GoneSpan& gone) {
  json::object out = span_json(gone.span);
  out["rule"] = gone.rule;
  out["deleted_us"] = to_json(gone.deleted);
  return out;
}

/// The thing of the settings with this id, or null.
template <class T>
const T* find(const std::vector<T>& things, const std::string& id) {
  const auto it = std::find_if(things.begin(), things.end(), [&](const T& thing) { return thing.id == id; });
  return it == things.end() ? nullptr : &*it;
}

template <class T>
json::value named(const std::vector<T>& things, const std::string& id) {
  const T* thing = find(things, id);
  return thing == nullptr ? json::value(nullptr) : json::value{{"id", thing->id}, {"name", thing->name}};
}

/// What the settings say about a stream's device.
json::object device_facts(const capture::StreamInfo& info, const config::Settings& settings) {
  json::object out{{"key", info.key}, {"kind", name(info.kind)}, {"device", info.device}};
  if (const auto* camera = find(settings.cameras, info.device);
      camera != nullptr && info.kind != StreamKind::screen) {
    out["name"] = camera->name;
    out["window"] = named(settings.windows, camera->window);
    out["area"] = named(settings.areas, camera->area);
    out["purpose"] = camera->purpose;
    out["legal_basis"] = camera->legal_basis;
  } else if (const auto* workstation = find(settings.workstations, info.device)) {
    out["name"] = workstation->name;
    out["window"] = named(settings.windows, workstation->window);
    out["area"] = nullptr;
    out["purpose"] = "";
    out["legal_basis"] = "";
  }
  return out;
}

}  // namespace

const char* name(capture::StreamStatus::State state) {
  switch (state) {
    case capture::StreamStatus::State::connecting:
      return "connecting";
    case capture::StreamStatus::State::recording:
      return "recording";
    case capture::StreamStatus::State::waiting:
      return "waiting";
  }
  return "waiting";
}

json::value to_json(const std::optional<index::Named>& named) {
  return named ? json::value{{"id", named->id}, {"name", named->name}} : json::value(nullptr);
}

json::value to_json(const std::optional<WallTime>& time) {
  return time ? json::value(to_us(*time)) : json::value(nullptr);
}

json::object to_json(const index::CaseHit& hit) {
  return {{"number", hit.number},
          {"item", to_json(hit.item)},
          {"window", to_json(hit.window)},
          {"clerk", to_json(hit.clerk)},
          {"called_us", to_json(hit.called)},
          {"finished_us", to_json(hit.finished)},
          {"visits", hit.visits}};
}

json::object to_json(const index::CaseAnswer& answer) {
  return {{"number", answer.number},
          {"item", to_json(answer.item)},
          {"steps", list_of(answer.steps, step_json)},
          {"visits", list_of(answer.visits, case_visit_json)},
          {"holds", json::array(answer.holds.begin(), answer.holds.end())}};
}

json::object to_json(const index::Visit& visit) {
  json::object out = bare_visit_json(visit);
  out["links"] = list_of(visit.links, numbered_link_json);
  return out;
}

json::object to_json(const index::VisitLine& line) {
  return {{"id", line.id},
          {"ticket", line.ticket},
          {"window", to_json(line.window)},
          {"clerk", to_json(line.clerk)},
          {"called_us", to_us(line.called)},
          {"finished_us", to_json(line.finished)},
          {"inferred", line.inferred},
          {"marked", line.marked},
          {"cases", json::array(line.cases.begin(), line.cases.end())},
          {"rating", rating_json(line.rating)}};
}

json::object to_json(const index::Hold& hold) {
  json::value lifted_by, lift_reason;
  if (hold.lifted) {
    lifted_by = person_json(hold.lifted_by);
    lift_reason = hold.lift_reason;
  }
  return {{"hold", hold.id},
          {"case", text_or_null(hold.case_number)},
          {"streams", list_of(hold.held, span_json)},
          {"reason", hold.reason},
          {"placed_by", person_json(hold.by)},
          {"placed_us", to_us(hold.placed)},
          {"lifted_us", to_json(hold.lifted)},
          {"lifted_by", std::move(lifted_by)},
          {"lift_reason", std::move(lift_reason)},
          {"segments", hold.segments},
          {"bytes", hold.bytes},
          {"complete", hold.complete},
          {"gone", list_of(hold.gone, gone_json)}};
}

json::object to_json(const index::Alert& alert) {
  json::value decided_by, reason;
  if (alert.decided) {
    decided_by = person_json({alert.login, alert.name});
    reason = alert.reason;
  }
  return {{"alert", alert.id},
          {"rule", alert.rule},
          {"level", name(alert.level)},
          {"visit", alert.visit},
          {"window", to_json(alert.window)},
          {"clerk", to_json(alert.clerk)},
          {"ticket", alert.ticket},
          {"case", text_or_null(alert.case_number)},
          {"from_us", to_us(alert.from)},
          {"to_us", to_json(alert.to)},
          {"raised_us", to_us(alert.raised)},
          {"state", name(alert.state)},
          {"decided_by", std::move(decided_by)},
          {"decided_us", to_json(alert.decided)},
          {"reason", std::move(reason)}};
}

json::object to_json(const index::RegisterEntry& entry) {
  return {{"number", entry.number},
          {"at_us", to_us(entry.at)},
          {"login", entry.login},
          {"name", entry.name},
          {"action", entry.action},
          {"stream", text_or_null(entry.stream)},
          {"from_us", to_json(entry.from)},
          {"to_us", to_json(entry.to)},
          {"about", text_or_null(entry.about)},
          {"reason", text_or_null(entry.reason)}};
}

json::object to_json(const index::Coverage& coverage) {
  json::array footage, gaps;
  for (const index::Span& span : coverage.footage)
    footage.push_back(json::array{to_us(span.begin), to_us(span.end)});
  auto purged = coverage.purged.begin();
  const auto tell_purged = [&](WallTime before) {
    for (; purged != coverage.purged.end() && purged->begin < before; ++purged) {
      gaps.push_back(json::object{{"begin_us", to_us(purged->begin)},
                                  {"end_us", to_us(purged->end)},
                                  {"cause", "purged"},
                                  {"detail", index::sentence(*purged)}});
    }
  };
  for (const index::Gap& gap : coverage.gaps) {
    tell_purged(gap.begin);
    gaps.push_back(json::object{{"begin_us", to_us(gap.begin)},
                                {"end_us", to_json(gap.end)},
                                {"cause", name(gap.cause)},
                                {"detail", gap.detail}});
  }
  tell_purged(WallTime::max());
  return {{"footage", std::move(footage)}, {"gaps", std::move(gaps)}, {"until_us", to_us(coverage.until)}};
}

json::object to_json(const capture::ClockOffset& offset) {
  return {
      {"at_us", to_us(offset.at)}, {"offset_us", offset.offset.count()}, {"error_us", offset.error.count()}};
}

json::object to_json(const index::ShotRow& shot) {
  return {{"at_us", to_us(shot.at)}, {"title", shot.title}, {"program", shot.program},
          {"idle_ms", shot.idle_ms}, {"same", shot.same},   {"locked", shot.locked}};
}

json::object to_json(const capture::AgentStatus& agent) {
  return {{"id", agent.agent},
          {"next", agent.next},
          {"thinned", agent.thinned},
          {"missing", agent.missing},
          {"chain_breaks", agent.breaks}};
}

json::object to_json(const capture::StreamStatus& status, const config::Settings& settings) {
  const auto streams = capture::streams_of(settings);
  const auto info =
      std::find_if(streams.begin(), streams.end(), [&](const auto& s) { return s.key == status.stream; });
  json::object out =
      info == streams.end() ? json::object{{"key", status.stream}} : device_facts(*info, settings);
  out["state"] = name(status.state);
  out["cause"] = cause_of(status.cause);
  out["detail"] = status.detail;
  out["since_us"] = to_us(status.since);
  out["last_frame_us"] = to_json(status.last_frame);
  out["look"] = capture::name(status.look);
  if (status.agent) out["agent"] = to_json(*status.agent);
  out["camera_clock_offset_us"] =
      status.camera_clock ? json::value(status.camera_clock->offset.count()) : json::value(nullptr);
  return out;
}

json::object to_json(const storage::StoreStatus& status) {
  return {{"id", status.id},
          {"writable", status.writable},
          {"detail", status.detail},
          {"free_bytes", status.free_bytes},
          {"total_bytes", status.total_bytes},
          {"queued", status.queued}};
}

}  // namespace mj::server
