#pragma once

#include <atomic>
#include <filesystem>
#include <map>
#include <string>

#include "server/feeds/importer.h"

namespace mj::server {

/// Takes the files that somebody leaves in a feed's folder: each becomes events and goes, with a report
/// beside it (x.csv.report.txt), to done/ or, when anything in it was refused, to refused/. Left alone: names
/// that begin with a dot or end in .part, .tmp or ~, and what changed within the last 5 s or is open for
/// writing. Owner: FeedReader; what the source borrows must outlive it. Thread: one. Failure: what is wrong
/// with a file is in its report; when the index cannot take it the file stays and is tried again. A crash at
/// any moment costs nothing: the file is still there, and events are stored once.
class WatchedFolder {
 public:
  WatchedFolder(const Importer::Source& source, EventSink sink, const std::atomic<bool>& stopping)
      : source_(source), sink_(std::move(sink)), stopping_(stopping) {}

  /// One look: takes every file that is whole.
  void look();
  /// What is wrong with the folder or a file in it, so that it is tried again; empty: nothing.
  [[nodiscard]] const std::string& trouble() const { return last_complaint_; }
  [[nodiscard]] const std::string& feed() const { return source_.feed.id; }

 private:
  /// How a file looked, and since when.
  struct Look {
    uintmax_t bytes = 0;
    std::filesystem::file_time_type changed;
    SteadyTime since;
  };

  [[nodiscard]] bool is_whole(const std::filesystem::path& file, std::map<std::string, Look>& now);
  /// A file with something wrong stays where it is, for another time.
  struct Taken {
    std::string wrong_with_it;
    bool keeps_others = false;  ///< what is wrong is not the file
  };
  Taken take(const std::filesystem::path& file);
  [[nodiscard]] Result<void> put_away(const std::filesystem::path& file, const char* where,
                                      const std::string& report);
  void complain(const std::string& what);

  const Importer::Source source_;
  const EventSink sink_;
  const std::atomic<bool>& stopping_;
  std::map<std::string, Look> seen_;
  std::string last_complaint_;  ///< so that the log says it once
};

}  // namespace mj::server
