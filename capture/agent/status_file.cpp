#include "capture/agent/status_file.h"

#include <boost/json.hpp>

namespace mj::agent {

namespace {

namespace json = boost::json;

constexpr const char* kFile = "status.json";
/// A running agent writes every few seconds; a grab may take five, a sync of a slow disk some.
constexpr Duration kFresh = std::chrono::seconds(30);

json::object uplink_object(const UplinkState& uplink) {
  return {{"reached_us", uplink.reached ? to_us(*uplink.reached) : 0},
          {"next", uplink.position.next},
          {"durable", uplink.position.durable},
          {"trouble", uplink.trouble},
          {"revoked", uplink.revoked},
          {"refused", uplink.refused}};
}

json::object spool_object(const SpoolState& spool) {
  return {{"first", spool.first},
          {"next", spool.next},
          {"bytes", spool.bytes},
          {"budget_bytes", spool.budget_bytes},
          {"lost", spool.lost}};
}

UplinkState read_uplink(const json::object& object) {
  UplinkState uplink;
  const int64_t reached = object.at("reached_us").to_number<int64_t>();
  if (reached != 0) uplink.reached = from_us(reached);
  uplink.position.next = object.at("next").to_number<uint64_t>();
  uplink.position.durable = object.at("durable").to_number<uint64_t>();
  uplink.trouble = std::string(object.at("trouble").as_string());
  uplink.revoked = object.at("revoked").as_bool();
  uplink.refused = object.at("refused").to_number<uint64_t>();
  return uplink;
}

SpoolState read_spool(const json::object& object) {
  return {.first = object.at("first").to_number<uint64_t>(),
          .next = object.at("next").to_number<uint64_t>(),
          .bytes = object.at("bytes").to_number<int64_t>(),
          .budget_bytes = object.at("budget_bytes").to_number<int64_t>(),
          .lost = object.at("lost").to_number<uint64_t>()};
}

Status read(const json::object& object) {
  return {.updated = from_us(object.at("updated_us").to_number<int64_t>()),
          .alive = from_us(object.at("alive_us").to_number<int64_t>()),
          .recording = object.at("recording").as_bool(),
          .why = std::string(object.at("why").as_string()),
          .last_entry = from_us(object.at("last_entry_us").to_number<int64_t>()),
          .server = std::string(object.at("server").as_string()),
          .workstation = std::string(object.at("workstation").as_string()),
          .interval = std::chrono::milliseconds(object.at("interval_ms").to_number<int64_t>()),
          .thinning = object.at("thinning").to_number<int64_t>(),
          .spool = read_spool(object.at("spool").as_object()),
          .uplink = read_uplink(object.at("uplink").as_object())};
}

std::string ago(WallTime then, WallTime now) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - then).count();
  if (seconds < 120) return fmt::format("{} s ago", seconds);
  if (seconds < 7200) return fmt::format("{} min ago", seconds / 60);
  return fmt::format("{} h ago", seconds / 3600);
}

std::string details(const Status& status) {
  const UplinkState& uplink = status.uplink;
  const uint64_t waiting = status.spool.next - std::min(uplink.position.next, status.spool.next);
  std::string text;
  const auto line = [&](std::string_view label, const std::string& what) {
    text += fmt::format("{}: {}\n", label, what);
  };
  line("工位电脑 workstation", fmt::format("{} → {}", status.workstation, status.server));
  if (to_us(status.last_entry) != 0)
    line("最近记录 last entry",
         fmt::format("{} ({})", format_rfc3339(status.last_entry), ago(status.last_entry, status.alive)));
  line("间隔 interval",
       fmt::format(
           "{} s{}", status.interval.count() / 1'000'000,
           status.thinning > 1
               ? fmt::format(" (本机缓存紧张, 已放宽 {} 倍 thinned: the spool is tight)", status.thinning)
               : ""));
  line("待传 not yet sent", fmt::format("{} entries; spool {:.1f} of {:.0f} MB", waiting,
                                        static_cast<double>(status.spool.bytes) / 1e6,
                                        static_cast<double>(status.spool.budget_bytes) / 1e6));
  if (status.spool.lost + uplink.refused > 0)
    line("损坏 lost since the start",
         fmt::format("{} damaged, {} refused", status.spool.lost, uplink.refused));
  line("服务器 server reached",
       uplink.reached ? ago(*uplink.reached, status.alive) : "从未 never since the start");
  if (uplink.revoked) line("已撤销 revoked", "enrol this workstation again; until then nothing is delivered");
  if (!uplink.trouble.empty()) line("故障 trouble", uplink.trouble);
  return text;
}

}  // namespace

Result<void> write_status(const std::filesystem::path& state_directory, const Status& status) {
  const json::object body{{"updated_us", to_us(status.updated)},
                          {"alive_us", to_us(status.alive)},
                          {"recording", status.recording},
                          {"why", status.why},
                          {"last_entry_us", to_us(status.last_entry)},
                          {"server", status.server},
                          {"workstation", status.workstation},
                          {"interval_ms", status.interval.count() / 1000},
                          {"thinning", status.thinning},
                          {"spool", spool_object(status.spool)},
                          {"uplink", uplink_object(status.uplink)}};
  return replace_file(state_directory / kFile, as_bytes(json::serialize(body)), false);
}

Result<Status> read_status(const std::filesystem::path& state_directory) {
  MJ_TRY(const std::string content, read_small_file(state_directory / kFile));
  try {
    return read(json::parse(content).as_object());
  } catch (const std::exception& damaged) {
    return fail(ErrorKind::corrupt, "{}: {}", kFile, damaged.what());
  }
}

StatusReport report_status(const Result<Status>& status, bool running, WallTime now) {
  const auto not_recording = [](const std::string& why, const std::string& more) {
    return StatusReport{fmt::format("未在记录 not recording: {}\n{}", why, more), false};
  };
  if (!running) return not_recording("没有运行 no agent runs", status ? details(*status) : "");
  if (!status) return not_recording(status.error().message, "");
  if (now - status->updated > kFresh)
    return not_recording("没有响应 the agent does not answer", details(*status));
  if (!status->recording) return not_recording(status->why, details(*status));
  return {"正在记录 recording\n" + details(*status), true};
}

}  // namespace mj::agent
