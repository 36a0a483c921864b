#include "config/sections.h"

#include <unistd.h>

#include <algorithm>

#include "config/checks.h"

namespace mj::config {
namespace {

constexpr size_t kMaxIdCharacters = 48;
constexpr size_t kMaxClerkIdCharacters = 32;
constexpr size_t kMaxNameCharacters = 100;
constexpr size_t kMaxTextCharacters = 500;
constexpr size_t kMaxPathCharacters = 1024;
constexpr size_t kMaxUrlCharacters = 1024;

// A hall has a few hundred of each; these bounds only keep nonsense out.
constexpr size_t kMaxPlaces = 2000;
constexpr size_t kMaxClerks = 20000;
constexpr size_t kMaxSources = 2000;
constexpr size_t kMaxStores = 64;
constexpr size_t kMaxTitlePatterns = 16;
constexpr size_t kMaxIdsToCompare = 500;  // for "did you mean"; every wrong reference is compared with all

constexpr int64_t kBytesPerMegabyte = 1'000'000;
constexpr int64_t kMaxReserveMegabytes = 100'000'000;
constexpr int64_t kMaxRetentionDays = 36500;
constexpr int64_t kMaxBackups = 1000;
constexpr int64_t kMinutesPerDay = 1440;

/// True when `inner` is `outer` or lies in it.
bool lies_in(const std::filesystem::path& inner, const std::filesystem::path& outer) {
  const auto [in_outer, in_inner] = std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end());
  return in_outer == outer.end();
}

Transport read_transport(TableReader& reader) {
  const std::string text = reader.text("transport", kMaxIdCharacters);
  if (text == "udp") return Transport::udp;
  if (text == "libav") return Transport::libav;
  if (text != "tcp" && reader.has("transport")) reader.problem("transport", R"("tcp", "udp" or "libav")");
  return Transport::tcp;
}

}  // namespace

Settings SectionReader::read(const toml::table& file) {
  TableReader reader(file, "", report_);
  read_data_directory(reader);
  read_hall(reader);
  read_areas(reader);
  read_windows(reader);
  read_clerks(reader);
  read_cameras(reader);
  read_workstations(reader);
  read_feeds(reader);
  read_stores(reader);
  read_storage(reader);
  read_retention(reader);
  read_cases(reader);
  read_backup(reader);
  read_server(reader);
  reader.finish();
  return std::move(settings_);
}

void SectionReader::read_hall(TableReader& file) {
  const toml::table* table = file.table("hall", true);
  if (table == nullptr) return;
  TableReader reader(*table, "hall", report_);
  Ids own;
  Hall& hall = settings_.hall;
  hall.id = read_id(reader, own);
  hall.name = read_name(reader, hall.id);
  const std::string timezone = reader.text("timezone", kMaxIdCharacters);
  if (timezone_exists(timezone)) {
    hall.timezone = timezone;
  } else if (reader.has("timezone")) {
    reader.problem("timezone",
                   "an IANA time zone of this machine, like \"Asia/Shanghai\" (see /usr/share/zoneinfo)");
  }
  reader.finish();
}

void SectionReader::read_areas(TableReader& file) {
  for (const auto& [table, path] : file.tables("areas", kMaxPlaces)) {
    TableReader reader(*table, path, report_);
    Area area;
    area.id = read_id(reader, areas_);
    area.name = read_name(reader, area.id);
    reader.finish();
    settings_.areas.push_back(std::move(area));
  }
}

void SectionReader::read_windows(TableReader& file) {
  for (const auto& [table, path] : file.tables("windows", kMaxPlaces)) {
    TableReader reader(*table, path, report_);
    Window window;
    window.id = read_id(reader, windows_);
    window.name = read_name(reader, window.id);
    window.area = read_reference(reader, "area", areas_, "areas");
    reader.finish();
    settings_.windows.push_back(std::move(window));
  }
}

void SectionReader::read_clerks(TableReader& file) {
  for (const auto& [table, path] : file.tables("clerks", kMaxClerks)) {
    TableReader reader(*table, path, report_);
    Clerk clerk;
    clerk.id = reader.required_text("id", kMaxClerkIdCharacters, "the staff number");
    take_id(reader, clerk.id, clerks_);
    clerk.name = read_name(reader, clerk.id);
    reader.finish();
    settings_.clerks.push_back(std::move(clerk));
  }
}

void SectionReader::read_cameras(TableReader& file) {
  for (const auto& [table, path] : file.tables("cameras", kMaxSources)) {
    TableReader reader(*table, path, report_);
    read_camera(reader);
    reader.finish();
  }
}

void SectionReader::read_camera(TableReader& reader) {
  Camera camera;
  camera.id = read_id(reader, sources_);
  camera.name = read_name(reader, camera.id);
  camera.url = read_url(reader, "url", true);
  camera.sub_url = read_url(reader, "sub_url", false);
  camera.user = reader.text("user", kMaxNameCharacters);
  camera.password = read_secret(reader, "password", SecretUse::password, folder_);
  if (camera.user.empty() && !camera.password.empty()) {
    reader.problem("user", "a user name, because there is a password");
  }
  camera.transport = read_transport(reader);
  read_place(reader, camera);
  camera.purpose =
      reader.required_text("purpose", kMaxTextCharacters, "why this camera records (PIPL art. 26)");
  camera.legal_basis =
      reader.required_text("legal_basis", kMaxTextCharacters, "the rule that allows it to record");
  settings_.cameras.push_back(std::move(camera));
}

void SectionReader::read_place(TableReader& reader, Camera& camera) {
  camera.window = read_reference(reader, "window", windows_, "windows");
  camera.area = read_reference(reader, "area", areas_, "areas");
  if (reader.has("window") && reader.has("area")) {
    reader.problem("area", "either window or area, not both: a camera watches one of them");
  } else if (!reader.has("window") && !reader.has("area")) {
    reader.problem("window", "a window or an area that the camera watches (both missing)");
  }
}

void SectionReader::read_workstations(TableReader& file) {
  for (const auto& [table, path] : file.tables("workstations", kMaxSources)) {
    TableReader reader(*table, path, report_);
    Workstation workstation;
    workstation.id = read_id(reader, sources_);
    workstation.name = read_name(reader, workstation.id);
    workstation.window = read_reference(reader, "window", windows_, "windows");
    if (!reader.has("window")) reader.problem("window", "the window where this workstation stands (missing)");
    workstation.clerk = read_reference(reader, "clerk", clerks_, "clerks");
    for (const char* key : {"token", "token_file", "token_env"}) {
      reader.know(key);
      if (!reader.has(key)) continue;
      reader.problem(key, fmt::format("no token any more: take the line out, and enrol the agent with the "
                                      "code that `mingjing agent enrol {}` prints",
                                      workstation.id));
    }
    reader.finish();
    settings_.workstations.push_back(std::move(workstation));
  }
}

void SectionReader::read_stores(TableReader& file) {
  for (const auto& [table, path] : file.tables("stores", kMaxStores, true)) {
    TableReader reader(*table, path, report_);
    Store store;
    store.id = read_id(reader, stores_);
    store.path =
        absolute(reader.required_text("path", kMaxPathCharacters, "the folder where footage is written"));
    store.reserve_bytes = reader.integer("reserve_mb", 0, kMaxReserveMegabytes, 0) * kBytesPerMegabyte;
    check_stores_apart(reader, store);
    reader.finish();
    settings_.stores.push_back(std::move(store));
  }
}

/// Recovery walks a store and takes what it finds there for footage; so nothing else may live in it.
void SectionReader::check_stores_apart(TableReader& reader, const Store& store) {
  if (store.path.empty()) return;
  for (const auto& other : settings_.stores) {
    if (other.path.empty()) continue;
    if (lies_in(store.path, other.path) || lies_in(other.path, store.path)) {
      reader.problem(
          "path", fmt::format("a folder that is not within another store and holds none (store \"{}\" is {})",
                              other.id, other.path.string()));
    }
  }
  if (!settings_.data_directory.empty() && lies_in(settings_.data_directory, store.path)) {
    reader.problem("path", "a folder that does not hold data_directory");
  }
}

void SectionReader::read_storage(TableReader& file) {
  const toml::table* table = file.table("storage", false);
  if (table == nullptr) return;
  TableReader reader(*table, "storage", report_);
  settings_.storage.segment_duration = std::chrono::seconds(reader.integer("segment_seconds", 2, 600, 60));
  settings_.storage.sync_interval =
      std::chrono::milliseconds(reader.integer("sync_interval_ms", 50, 2000, 500));
  reader.finish();
}

void SectionReader::read_retention(TableReader& file) {
  const toml::table* table = file.table("retention", false);
  if (table == nullptr) return;
  TableReader reader(*table, "retention", report_);
  auto& days = settings_.retention.days;
  days = static_cast<int>(reader.integer("days", 1, kMaxRetentionDays, days));
  reader.finish();
}

void SectionReader::read_cases(TableReader& file) {
  const toml::table* table = file.table("cases", false);
  if (table == nullptr) return;
  TableReader reader(*table, "cases", report_);
  auto& patterns = settings_.cases.title_patterns;
  patterns = reader.texts("title_patterns", kMaxTitlePatterns, kMaxTextCharacters);
  for (size_t i = 0; i < patterns.size(); ++i) {
    const std::string complaint = complaint_about_title_pattern(patterns[i]);
    if (!complaint.empty()) reader.problem("title_patterns", fmt::format("pattern {}: {}", i + 1, complaint));
  }
  reader.finish();
}

void SectionReader::read_backup(TableReader& file) {
  Backup& backup = settings_.backup;
  backup.directory = settings_.data_directory / "backup";
  const toml::table* table = file.table("backup", false);
  if (table == nullptr) return;
  TableReader reader(*table, "backup", report_);
  const auto directory = absolute(reader.text("directory", kMaxPathCharacters));
  if (!directory.empty()) backup.directory = directory;
  for (const auto& store : settings_.stores) {
    if (store.path.empty() || !lies_in(backup.directory, store.path)) continue;
    reader.problem("directory", fmt::format("a folder outside the stores (store \"{}\" is {})", store.id,
                                            store.path.string()));
  }
  backup.keep = static_cast<int>(reader.integer("keep", 1, kMaxBackups, backup.keep));
  backup.every =
      std::chrono::minutes(reader.integer("every_minutes", 0, kMinutesPerDay, backup.every.count()));
  reader.finish();
}

void SectionReader::read_server(TableReader& file) {
  const toml::table* table = file.table("server", false);
  if (table == nullptr) return;
  TableReader reader(*table, "server", report_);
  Server& server = settings_.server;
  const std::string listen = reader.text("listen", kMaxIdCharacters * 2);
  if (reader.has("listen")) {
    auto parsed = parse_listen(listen);
    if (parsed) {
      server.address = parsed->host;
      server.port = parsed->port;
    } else {
      reader.problem("listen", parsed.error().message);
    }
  }
  server.tls = reader.boolean("tls", server.tls);
  for (const auto& [key, path] :
       {std::pair{"certificate", &server.certificate}, {"private_key", &server.private_key}}) {
    *path = absolute(reader.text(key, kMaxPathCharacters));
    if (!path->empty() && ::access(path->c_str(), R_OK) != 0) {
      reader.problem(key, fmt::format("a readable PEM file ({} is not)", path->string()));
    }
  }
  if (server.certificate.empty() != server.private_key.empty()) {
    reader.problem(server.certificate.empty() ? "certificate" : "private_key",
                   "certificate and private_key together, or neither (then a self-signed pair is made)");
  }
  reader.finish();
}

void SectionReader::read_data_directory(TableReader& file) {
  settings_.data_directory = absolute(file.required_text("data_directory", kMaxPathCharacters,
                                                         "a folder for the index and other data of our own"));
}

std::string SectionReader::read_id(TableReader& reader, Ids& ids) {
  std::string id = reader.required_text("id", kMaxIdCharacters, "an id of a-z, 0-9 and -");
  if (id.empty()) return id;
  if (!is_id(id)) {
    reader.problem("id",
                   "1 to 48 characters of a-z, 0-9 and - (it becomes part of file names and addresses)");
    return id;
  }
  take_id(reader, id, ids);
  return id;
}

void SectionReader::take_id(TableReader& reader, const std::string& id, Ids& ids) {
  if (id.empty()) return;
  const auto [known, is_new] = ids.try_emplace(id, reader.path_of("id"));
  if (!is_new) {
    const bool names_streams = &ids == &sources_;
    reader.problem("id", fmt::format("an id of its own: \"{}\" is already used by {}{}", id, known->second,
                                     names_streams ? " (cameras and workstations share their ids)" : ""));
  }
}

std::string SectionReader::read_name(TableReader& reader, const std::string& id) {
  std::string name = reader.text("name", kMaxNameCharacters);
  return name.empty() ? id : name;
}

std::string SectionReader::read_reference(TableReader& reader, std::string_view key, const Ids& ids,
                                          std::string_view section) {
  std::string id = reader.text(key, kMaxIdCharacters);
  if (!id.empty() && !ids.contains(id)) {
    std::vector<std::string> known;
    if (ids.size() <= kMaxIdsToCompare) {
      for (const auto& [known_id, where] : ids) known.push_back(known_id);
    }
    const std::string meant = nearest(id, known);
    reader.problem(key, fmt::format("the id of a [[{}]] entry; there is no \"{}\"{}", section, id,
                                    meant.empty() ? "" : fmt::format(", did you mean \"{}\"?", meant)));
  }
  return id;
}

std::string SectionReader::read_url(TableReader& reader, std::string_view key, bool required) {
  std::string url = required ? reader.required_text(key, kMaxUrlCharacters, "the camera's rtsp:// address")
                             : reader.text(key, kMaxUrlCharacters);
  if (url.empty()) return url;
  std::string complaint = complaint_about_url(url);
  if (!complaint.empty()) reader.problem(key, std::move(complaint));
  return url;
}

/// A token tells who is calling, so no two callers may share one.
Secret SectionReader::read_token(TableReader& reader) {
  Secret token = read_secret(reader, "token", SecretUse::token, folder_);
  if (token.empty()) return token;
  const auto [known, is_new] = tokens_.try_emplace(token.reveal(), reader.path_of("token"));
  if (!is_new) {
    const char* key = reader.has("token_file")  ? "token_file"
                      : reader.has("token_env") ? "token_env"
                                                : "token";
    reader.problem(key, fmt::format("a token of its own: {} is the same", known->second));
  }
  return token;
}

std::filesystem::path SectionReader::absolute(const std::string& path) const {
  if (path.empty()) return {};
  const auto normal = (folder_ / path).lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();  // "/srv/footage/" is "/srv/footage"
}

}  // namespace mj::config
