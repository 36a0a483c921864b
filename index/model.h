#pragma once
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "index/feeds.h"
#include "storage/storage.h"

/// What the index answers with. Plain values, no behaviour. Part of index/index.h.
namespace mj::index {

struct Named {
  std::string id, name;
};

struct CaseHit {
  std::string number;
  std::optional<Named> item, window, clerk;
  std::optional<WallTime> called;  ///< of the newest visit
  std::optional<WallTime> finished;
  int visits = 0;
};

struct CaseStep {
  std::string type;  ///< "ticket_called", "ticket_finished" or the step's word
  WallTime at;
  std::optional<Named> window, clerk;
  std::string source;  ///< feed
};

/// What there is of a stream in an interval: the four states of a review pane.
enum class FootageState { footage, gap, purged, never_mapped };
[[nodiscard]] const char* name(FootageState state);

struct VisitStream {
  StreamKey key;
  StreamKind kind = StreamKind::main;
  std::string role;  ///< "counter", "screen" or "area"
  std::string name;
  std::string purpose, legal_basis;  ///< of the camera
  FootageState state = FootageState::gap;
  std::optional<GapCause> cause;  ///< when state is gap: what covers the called moment
  std::string detail;             ///< when purged: the rule, and when
};

struct Link {
  std::string source;     ///< "queue" or "step"
  double confidence = 0;  ///< 0 … 1
  std::string why;        ///< machine-readable rule name: "ticket_names_case", "step_during_visit"
  std::optional<std::string> confirmed_by;
};

struct Visit {
  int64_t id = 0;
  std::string ticket;
  std::optional<Named> window, clerk;
  WallTime called;
  std::optional<WallTime> finished;
  Link link;
  std::vector<VisitStream> streams;  ///< in the order to show: counter, screen, area
};

struct CaseAnswer {
  std::string number;
  std::optional<Named> item;
  std::vector<CaseStep> steps;  ///< by time
  std::vector<Visit> visits;    ///< by time
};

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
};

struct Account {
  int64_t id = 0;
  std::string login, display_name, password_hash;  ///< the hash: argon2id, libsodium's string form
};

}  // namespace mj::index
