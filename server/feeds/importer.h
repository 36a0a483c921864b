#pragma once

#include <functional>
#include <string>
#include <vector>

#include "index/index.h"
#include "server/feeds/event_maker.h"

namespace mj::server {

/// Where events go; each by itself, so that a wrong one keeps no other away.
using EventSink = std::function<Result<index::Ingested>(const std::vector<index::Event>&)>;

struct ImportProblem {
  int line = 0;
  std::string column;  ///< empty: the row as a whole
  std::string message;

  [[nodiscard]] std::string to_string() const;  ///< "line 7, column \"窗口\": …"
};

/// What became of a file or of the rows of a database.
struct ImportReport {
  int64_t rows = 0, events = 0, accepted = 0, duplicates = 0, refused = 0;
  int64_t replaced = 0, different = 0;  ///< as in index::Ingested
  std::vector<ImportProblem> problems;  ///< the first kMaxProblems of `refused`
  std::vector<std::string> preview;     ///< the first events, as JSON

  static constexpr size_t kMaxProblems = 1000;
  static constexpr size_t kPreview = 5;
  [[nodiscard]] std::string summary() const;
};

/// Makes events of rows and hands them on in batches. Owner: one import; what it borrows must outlive it.
/// Thread: one. Does not: read files. Failure: row() and finish() fail when the sink does, and nothing more
/// should be given then; what is wrong with a row is in the report and keeps no other away.
class Importer {
 public:
  struct Source {
    const config::Settings& settings;
    const config::Feed& feed;
    const config::Mapping& mapping;
    const Clock& clock;
  };
  Importer(const Source& source, EventSink sink)
      : source_(source), sink_(std::move(sink)), maker_(source.mapping, source.settings) {}

  [[nodiscard]] Result<void> use_columns(const std::vector<std::string>& names) {
    return maker_.use_columns(names);
  }
  [[nodiscard]] std::vector<std::string> columns() const { return maker_.columns(); }
  [[nodiscard]] Result<void> row(int line, const std::vector<std::string>& cells);
  /// An event as the API takes it, without a mapping.
  [[nodiscard]] Result<void> event(int line, const std::string& json);
  void refuse(ImportProblem problem);
  /// Hands on what is left.
  [[nodiscard]] Result<void> finish();

  [[nodiscard]] const ImportReport& report() const { return report_; }

 private:
  /// Where an event of the batch comes from; no entry: from no mapping.
  struct Place {
    int line = 0;
    std::optional<size_t> entry;
  };
  [[nodiscard]] Result<void> take(const std::string& json, Place place);
  void refuse_at(const Place& place, const std::string& message);

  Source source_;
  EventSink sink_;
  EventMaker maker_;
  ImportReport report_;
  std::vector<index::Event> batch_;
  std::vector<Place> places_;
  size_t batch_bytes_ = 0;
};

/// Reads a file's bytes into an importer: CSV, or JSON as "{"events":[…]}", a list, or one object a line.
/// JSON without `mapped` holds events; with it, objects whose keys are columns. `progress(done, total)` in
/// bytes. Errors: invalid (the file as a whole), those of the sink, cancelled (`progress` said false).
[[nodiscard]] Result<void> import_bytes(Importer& importer, const config::Mapping& mapping, bool mapped,
                                        std::string bytes,
                                        const std::function<bool(size_t, size_t)>& progress);

/// The sink of a dry run: takes nothing, refuses what the index would refuse.
[[nodiscard]] Result<index::Ingested> look_only(const config::Settings& settings,
                                                const std::vector<index::Event>& events);

/// The bytes of a file of at most 256 MiB. Errors: not_found, denied, invalid.
[[nodiscard]] Result<std::string> read_import_file(const std::filesystem::path& file);

}  // namespace mj::server
