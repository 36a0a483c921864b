#pragma once
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "index/case_model.h"
#include "index/feeds.h"
#include "storage/storage.h"

/// What the index answers with. Plain values, no behaviour. Part of index/index.h.
namespace mj::index {

struct Gap {
  WallTime begin;
  std::optional<WallTime> end;  ///< none: still open
  GapCause cause = GapCause::stalled;
  std::string detail;
};

struct Span {
  WallTime begin, end;
};

/// Time whose footage was lawfully deleted.
struct Purged {
  WallTime begin, end;
  std::string rule;              ///< "retention.days = 90"
  std::optional<WallTime> when;  ///< none: it is being deleted
};
/// For people: "retention.days = 90, deleted on 2026-11-22".
[[nodiscard]] std::string sentence(const Purged& purged);

/// Footage, gaps and purged time of one stream in [from, to), each sorted; neighbouring footage is merged.
/// Together they are [from, until).
struct Coverage {
  std::vector<Span> footage;
  std::vector<Gap> gaps;
  std::vector<Purged> purged;
  WallTime until;  ///< `to`, or now, or the last durable fragment while the next is on its way
};

/// A segment as the fragment index shows it.
struct IndexedSegment {
  storage::SegmentRef segment;
  WallTime run_start;
  WallTime end;
  std::vector<storage::FragmentPlace> fragments;
};

struct RunInit {
  std::string mime;
  Bytes video_init;
  int width = 0, height = 0;
};

struct ShotRow {
  WallTime at;
  std::string title, program;
  int64_t idle_ms = 0;
  bool same = false;  ///< every pixel was still as in the shot before
  bool locked = false;
};

struct Account {
  int64_t id = 0;
  std::string login, display_name, password_hash;  ///< the hash: argon2id, libsodium's string form
};

}  // namespace mj::index
