#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/base/bounded_queue.h"
#include "config/base/bytes.h"
#include "config/base/log.h"
#include "config/base/result.h"
#include "config/base/time.h"
#include "config/base/words.h"
#include "config/feed.h"

/// What is true before the first frame: the settings of one hall, read once, checked whole, immutable
/// afterwards.
namespace mj::config {

struct Hall {
  std::string id;
  std::string name;
  std::string timezone = "Asia/Shanghai";  ///< IANA name; how times are shown and how "yesterday" is read
};

struct Area {
  std::string id;
  std::string name;
};

struct Window {
  std::string id;
  std::string name;  ///< as people say it: "3号窗口"
  std::string area;  ///< Area::id or empty
};

struct Clerk {
  std::string id;  ///< staff number (工号)
  std::string name;
};

enum class Transport { tcp, udp, libav };

/// A camera watches a window (counter camera) or an area, never both.
struct Camera {
  std::string id;
  std::string name;
  std::string url;      ///< rtsp:// or rtsps://, without user info
  std::string sub_url;  ///< sub stream, or empty
  std::string user;
  Secret password;
  Transport transport = Transport::tcp;
  std::string window;       ///< Window::id or empty
  std::string area;         ///< Area::id or empty
  std::string purpose;      ///< why it records (PIPL art. 26), shown to reviewers
  std::string legal_basis;  ///< the rule that allows it
};

struct Workstation {
  std::string id;
  std::string name;
  std::string window;
  std::string clerk;  ///< who usually sits there, or empty
};

struct Store {
  std::string id;
  std::filesystem::path path;
  int64_t reserve_bytes = 0;  ///< free space below which nothing is written
};

struct Storage {
  Duration segment_duration = std::chrono::seconds(60);
  Duration sync_interval = std::chrono::milliseconds(500);  ///< group fdatasync at most this far behind
};

struct Retention {
  int days = 0;  ///< how long footage is kept; 0: nothing is deleted
};

struct Cases {
  /// RE2: what in a window's title is a case number; the first group, or without one the whole match.
  std::vector<std::string> title_patterns;
};

/// Copies of the index, made while it is written.
struct Backup {
  std::filesystem::path directory;  ///< best on another disk
  int keep = 2;
  std::chrono::minutes every = std::chrono::hours(1);  ///< 0: none are made
};

struct Server {
  std::string address = "127.0.0.1";
  uint16_t port = 8443;
  bool tls = true;
  std::filesystem::path certificate;  ///< PEM; empty: a self-signed pair is made in data_directory
  std::filesystem::path private_key;
};

struct Settings {
  Hall hall;
  std::vector<Area> areas;
  std::vector<Window> windows;
  std::vector<Clerk> clerks;
  std::vector<Camera> cameras;
  std::vector<Workstation> workstations;
  std::vector<Feed> feeds;
  std::vector<Store> stores;
  Storage storage;
  Retention retention;
  Cases cases;
  Backup backup;
  Server server;
  std::filesystem::path data_directory;  ///< index, certificate, logs of our own
};

/// One thing wrong with a configuration file, told so that it can be mended.
struct Problem {
  std::string file;
  int line = 0;          ///< 1-based; 0 when the whole file is meant
  std::string key;       ///< "cameras[2].url"
  std::string expected;  ///< a sentence: "an rtsp:// or rtsps:// address without user name"

  [[nodiscard]] std::string to_string() const;  ///< "hall.toml:14: cameras[2].url: ..."
};

struct LoadResult {
  Settings settings;              ///< meaningful only without problems
  std::vector<Problem> problems;  ///< all of them, not only the first, in file order
};

/// Reads and checks a TOML file. Unknown keys are problems. Relative paths are relative to the file. `*_file`
/// secrets are read here, `*_env` secrets from this process's environment. Never throws; every failure is a
/// Problem.
[[nodiscard]] LoadResult load(const std::filesystem::path& file);

}  // namespace mj::config
