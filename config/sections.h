#pragma once

#include <map>

#include "config/secrets.h"

namespace mj::config {

/// Turns a parsed file into Settings, section by section. What a section names must have been read before it:
/// areas, windows, clerks, then cameras and workstations. Owner: load(), for one call; the Report must
/// outlive it. Thread: the caller's. Fails by reporting problems.
class SectionReader {
 public:
  /// Relative paths of the file start at `folder`.
  SectionReader(std::filesystem::path folder, Report& report) : folder_(std::move(folder)), report_(report) {}

  [[nodiscard]] Settings read(const toml::table& file);

 private:
  /// Where an id was first given; ids of one kind are unique.
  using Ids = std::map<std::string, std::string>;

  void read_hall(TableReader& file);
  void read_areas(TableReader& file);
  void read_windows(TableReader& file);
  void read_clerks(TableReader& file);
  void read_cameras(TableReader& file);
  void read_camera(TableReader& reader);
  void read_place(TableReader& reader, Camera& camera);
  void read_workstations(TableReader& file);
  void read_feeds(TableReader& file);
  void read_sources(TableReader& reader, Feed& feed);
  void read_sql(const toml::table& table, const std::string& path, Feed& feed);
  void read_stores(TableReader& file);
  void check_stores_apart(TableReader& reader, const Store& store);
  void read_storage(TableReader& file);
  void read_retention(TableReader& file);
  void read_cases(TableReader& file);
  void read_backup(TableReader& file);
  void read_server(TableReader& file);
  void read_data_directory(TableReader& file);

  std::string read_id(TableReader& reader, Ids& ids);
  std::string read_name(TableReader& reader, const std::string& id);
  std::string read_reference(TableReader& reader, std::string_view key, const Ids& ids,
                             std::string_view section);
  std::string read_url(TableReader& reader, std::string_view key, bool required);
  Secret read_token(TableReader& reader);
  void take_id(TableReader& reader, const std::string& id, Ids& ids);
  [[nodiscard]] std::filesystem::path absolute(const std::string& path) const;

  const std::filesystem::path folder_;
  Report& report_;
  Settings settings_;
  Ids areas_;
  Ids windows_;
  Ids clerks_;
  Ids sources_;  ///< cameras and workstations together: their ids name streams
  Ids feeds_;
  Ids stores_;
  Ids tokens_;  ///< token → who has it
};

}  // namespace mj::config
