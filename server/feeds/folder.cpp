#include "server/feeds/folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "server/safe_file.h"

namespace mj::server {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kQuiet{5};
constexpr size_t kFilesPerLook = 1000;
constexpr mode_t kReportMode = 0644;

bool is_for_us(const fs::directory_entry& entry) {
  const std::string name = entry.path().filename().string();
  std::error_code error;
  const bool regular = entry.symlink_status(error).type() == fs::file_type::regular;
  const bool unfinished =
      name.starts_with('.') || name.ends_with(".part") || name.ends_with(".tmp") || name.ends_with('~');
  return regular && !unfinished;
}

/// A read lease is refused while anybody has the file open for writing (fcntl(2)); where the kernel cannot
/// tell us, the quiet time has to do.
bool is_being_written(const fs::path& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
  if (fd < 0) return false;
  // Somebody who opens it for writing just now breaks the lease, which is told by a signal: one that nobody
  // minds.
  const bool busy =
      ::fcntl(fd, F_SETSIG, SIGURG) == 0 && ::fcntl(fd, F_SETLEASE, F_RDLCK) != 0 && errno == EAGAIN;
  ::close(fd);
  return busy;
}

/// `where`/name, or with the time in it when that name is taken.
fs::path free_name(const fs::path& folder, const fs::path& name, WallTime now) {
  std::error_code error;
  if (!fs::exists(folder / name, error)) return folder / name;
  std::string time = format_rfc3339(now);
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  return folder / (name.stem().string() + "-" + time + name.extension().string());
}

std::string text_of(const ImportReport& report, const std::string& problem) {
  std::string text = report.summary() + "\n";
  if (!problem.empty()) text += problem + "\n";
  for (const auto& one : report.problems) text += one.to_string() + "\n";
  const auto unlisted = report.refused - static_cast<int64_t>(report.problems.size());
  if (unlisted > 0) text += fmt::format("… and {} more\n", unlisted);
  if (!problem.empty() || report.refused > 0) {
    text +=
        "Correct the file or the mapping and put the file into the folder again: nothing is stored twice.\n";
  }
  return text;
}

}  // namespace

void WatchedFolder::complain(const std::string& what) {
  if (what != last_complaint_ && !what.empty()) spdlog::error("feed {}: {}", source_.feed.id, what);
  last_complaint_ = what;
}

void WatchedFolder::look() {
  std::vector<fs::path> files;
  std::error_code error;
  for (auto entry = fs::directory_iterator(source_.feed.folder, error);
       !error && entry != fs::directory_iterator() && files.size() < kFilesPerLook; entry.increment(error)) {
    if (is_for_us(*entry)) files.push_back(entry->path());
  }
  if (error) return complain(fmt::format("folder {}: {}", source_.feed.folder.string(), error.message()));
  std::ranges::sort(files);
  std::map<std::string, Look> now;
  std::string wrong;
  for (const auto& file : files) {
    if (stopping_) return;
    if (!is_whole(file, now)) continue;
    const Taken taken = take(file);
    if (stopping_) return;
    if (taken.wrong_with_it.empty()) continue;
    if (wrong.empty())
      wrong = fmt::format("{}: {}; tried again", file.filename().string(), taken.wrong_with_it);
    if (taken.keeps_others) break;
  }
  complain(wrong);
  seen_ = std::move(now);
}

/// Notes in `now` how it looks.
bool WatchedFolder::is_whole(const fs::path& file, std::map<std::string, Look>& now) {
  std::error_code error;
  Look look{fs::file_size(file, error), {}, source_.clock.steady_now()};
  if (!error) look.changed = fs::last_write_time(file, error);
  if (error) return false;
  const auto before = seen_.find(file.filename().string());
  const bool same =
      before != seen_.end() && before->second.bytes == look.bytes && before->second.changed == look.changed;
  if (same) look.since = before->second.since;
  now[file.filename().string()] = look;
  return same && source_.clock.steady_now() - look.since >= kQuiet && !is_being_written(file);
}

WatchedFolder::Taken WatchedFolder::take(const fs::path& file) {
  const bool mapped = source_.feed.mapping.has_value();
  Importer importer(source_, sink_);
  auto bytes = read_import_file(file);
  if (!bytes && bytes.error().kind == ErrorKind::not_found) return {};  // somebody took it back
  const auto go_on = [this](size_t, size_t) { return !stopping_; };
  const Result<void> done = bytes ? import_bytes(importer, source_.mapping, mapped, std::move(*bytes), go_on)
                                  : Result<void>(tl::unexpected(bytes.error()));
  const bool wrong_file = !done && (done.error().kind == ErrorKind::invalid || !bytes);
  if (!done && !wrong_file) return {done.error().message, true};
  const ImportReport& report = importer.report();
  const char* where = wrong_file || report.refused > 0 ? "refused" : "done";
  const auto put = put_away(file, where, text_of(report, done ? "" : done.error().message));
  if (!put) return {put.error().message, false};
  spdlog::info("feed {}: {} → {}/: {}", source_.feed.id, file.filename().string(), where, report.summary());
  return {};
}

/// The report first: a file that was moved has one.
Result<void> WatchedFolder::put_away(const fs::path& file, const char* where, const std::string& report) {
  const fs::path folder = source_.feed.folder / where;
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return fail_errno(error.value(), folder.string());
  const fs::path target = free_name(folder, file.filename(), source_.clock.now());
  MJ_CHECK(write_whole(target.string() + ".report.txt", report, kReportMode));
  fs::rename(file, target, error);
  if (error) return fail_errno(error.value(), "move " + file.string());
  return {};
}

}  // namespace mj::server
