#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"

/// What feeds say, and the door through which it comes in. Part of index/index.h.
namespace mj::index {

class Index;
enum class Take;

/// No roster entry is longer; and a sign-in that nobody ended lasts this long at most (schema_cases.sql has
/// both numbers too).
inline constexpr Duration kLongestRoster = std::chrono::hours(31 * 24);
inline constexpr Duration kLongestShift = std::chrono::hours(16);

/// A fact from a feed. `id` is unique within its source; the same id again changes nothing, unless it is a
/// row's (Feeds::take_rows).
struct Event {
  enum class Type {
    ticket_called,
    ticket_finished,
    case_step,
    roster,    ///< `clerk` is on duty at `window` in [at, until)
    sign_in,   ///< `clerk` sits down at `window`
    sign_out,  ///< and leaves
    rating,    ///< 好差评
    complaint,
    withdrawn,  ///< takes back the event `corrects`; the fact was never so
  };
  std::string id;
  Type type = Type::ticket_called;
  WallTime at;               ///< by our clock: the feed's own time − clock_offset
  Duration clock_offset{0};  ///< feed's clock − ours
  std::string corrects;      ///< id of an event of this feed that this one replaces, or empty
  std::string window;        ///< Window::id
  std::string ticket;        ///< 票号
  std::string case_number;   ///< as sent; required for case_step
  std::string step;          ///< for case_step: accepted, supplement, concluded or the feed's own word
  std::string clerk;         ///< staff number or empty
  std::string item_code;     ///< of the case or empty
  std::string item_name;
  std::optional<int64_t> promised_days;  ///< of the item
  std::string risk;                      ///< of the item: A, B, C or empty
  std::optional<WallTime> until;         ///< of a roster
  std::optional<int64_t> score;          ///< of a rating: 5 very satisfied … 1 very dissatisfied
  std::string note;                      ///< words of a rating or complaint
  std::string raw;                       ///< the event's JSON as received, kept for ever
};
[[nodiscard]] const char* name(Event::Type type);
[[nodiscard]] std::optional<Event::Type> event_type_from(std::string_view name);

/// What is wrong with an event in itself, as "key: sentence"; empty: nothing is.
[[nodiscard]] std::string fault_of(const Event& event);

/// An event that was not taken, by its position in the batch.
struct RefusedEvent {
  size_t position = 0;
  std::string message;  ///< "window: no window \"w9\" in the settings"
};

struct Ingested {
  int accepted = 0, duplicates = 0;
  int replaced = 0;                   ///< of the accepted: told otherwise before, by the same id
  int different = 0;                  ///< of the duplicates: came with another content; the first one counts
  std::vector<RefusedEvent> refused;  ///< of take_each() and take_rows() alone
};

/// What came of a feed since the start.
struct FeedStatus {
  uint64_t accepted = 0, duplicates = 0, refused = 0;  ///< events
  std::optional<WallTime> last;                        ///< when it told something last, new or not
  std::string trouble;  ///< why its folder or database cannot be read now; empty: nothing is wrong
};

/// What feeds bring, and how far they were read. Borrows the index, which must outlive it. Threads: any;
/// waits for the commit. Does not: parse; know settings. Failure: what returns success is durable.
class Feeds {
 public:
  explicit Feeds(Index& index) : index_(index) {}

  /// All events of a batch or none: Index::ingest.
  [[nodiscard]] Result<Ingested> take(const std::string& source, const std::vector<Event>& events);
  /// Each by itself: what is wrong with one keeps no other away. Errors: no_space, unavailable.
  [[nodiscard]] Result<Ingested> take_each(const std::string& source, const std::vector<Event>& events);
  /// Rows of a table, each by itself. A row is changed where it stands: an id that comes again with content
  /// that it never had is stored as `<id>~2`, `~3` …, a correction of `<id>`. Content that it once had
  /// changes nothing, so that an old file may be read again; nor does a row that itself corrects or
  /// withdraws.
  [[nodiscard]] Result<Ingested> take_rows(const std::string& source, const std::vector<Event>& events);

  /// How far a feed was read; empty at first.
  [[nodiscard]] Result<std::string> cursor(const std::string& source) const;
  [[nodiscard]] Result<void> move_cursor(const std::string& source, const std::string& cursor);

  /// By source; one that told nothing is not there.
  [[nodiscard]] std::map<std::string, FeedStatus> status() const;
  void tell_trouble(const std::string& source, const std::string& trouble);

 private:
  [[nodiscard]] Result<Ingested> take_by(Take how, const std::string& source,
                                         const std::vector<Event>& events);

  Index& index_;
};

}  // namespace mj::index
