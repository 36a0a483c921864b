#include "index/rebuild.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "index/migrate.h"

namespace mj::index {

namespace {

namespace fs = std::filesystem;

constexpr const char* kFile = "index.db";
constexpr std::array kCompanions{"index.db-wal", "index.db-shm"};

Result<void> checked(const std::error_code& error, const fs::path& what) {
  if (error) return fail_errno(error.value(), what.native());
  return {};
}

/// A folder for the old index that nothing has used before: "before-20261122T021500Z".
Result<fs::path> make_aside(const fs::path& directory, WallTime now) {
  std::string stamp = format_rfc3339(now);
  std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
  stamp = stamp.substr(0, stamp.find('.'));
  for (int attempt = 0;; ++attempt) {
    const auto aside =
        directory / fmt::format("before-{}{}", stamp, attempt == 0 ? "" : fmt::format("-{}", attempt));
    std::error_code error;
    if (fs::create_directory(aside, error)) return aside;
    if (error) return fail_errno(error.value(), aside.native());
  }
}

/// `fresh` takes the old index's place. Cut anywhere, there is an index.db, and the old one is whole in the
/// aside folder or in its place.
Result<void> swap_in(const fs::path& directory, const fs::path& fresh, WallTime now, Rebuilt& rebuilt) {
  std::error_code error;
  const fs::path current = directory / kFile;
  if (fs::exists(current, error)) {
    MJ_TRY(rebuilt.aside, make_aside(directory, now));
    fs::create_hard_link(current, rebuilt.aside / kFile, error);
    MJ_CHECK(checked(error, rebuilt.aside / kFile));
    // The old journal must not be taken for the new index's.
    for (const char* companion : kCompanions) {
      fs::rename(directory / companion, rebuilt.aside / companion, error);
      if (error && error != std::errc::no_such_file_or_directory)
        return checked(error, directory / companion);
    }
    MJ_CHECK(sync_directory(rebuilt.aside));
  }
  fs::rename(fresh / kFile, current, error);
  MJ_CHECK(checked(error, current));
  MJ_CHECK(sync_directory(directory));
  fs::remove_all(fresh, error);
  return {};
}

/// An empty folder for the index that is being made; what an interrupted attempt left there is ours to drop.
Result<fs::path> make_draft(const fs::path& directory) {
  const fs::path draft = directory / kDraft;
  std::error_code error;
  fs::remove_all(draft, error);
  MJ_CHECK(checked(error, draft));
  fs::create_directory(draft, error);
  MJ_CHECK(checked(error, draft));
  return draft;
}

Result<void> draft_with_facts(const fs::path& directory, const fs::path& draft, Rebuilt& rebuilt) {
  MJ_TRY(const auto fresh, Database::open(draft / kFile, Database::Mode::write));
  MJ_CHECK(migrate(*fresh));
  std::error_code error;
  if (!fs::exists(directory / kFile, error)) return {};
  return carry_over(directory / kFile, *fresh, rebuilt);
}

Result<void> fill_from_files(const fs::path& draft, const std::vector<config::Store>& stores,
                             const Clock& clock, const std::function<void(uint64_t, uint64_t)>& progress,
                             Rebuilt& rebuilt) {
  MJ_TRY(const auto index, Index::open(draft, clock));
  MJ_CHECK(index->recover(stores));
  MJ_TRY(rebuilt.adopted, index->adopt_backlog([&](uint64_t done, uint64_t total) {
    if (progress) progress(done, total);
    return true;
  }));
  if (rebuilt.adopted.unlisted.empty()) return {};
  return fail(ErrorKind::unavailable, "{}; the old index was left as it is: mount the store, then try again",
              rebuilt.adopted.unlisted.front());
}

}  // namespace

Result<UniqueFd> lock_directory(const fs::path& directory) {
  const auto file = directory / "lock";
  UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.valid()) return fail_errno(errno, file.native());
  if (flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  if (errno != EWOULDBLOCK) return fail_errno(errno, file.native());
  return fail(ErrorKind::unavailable, "another mingjingd uses this index ({})", directory.native());
}

Result<void> sync_directory(const fs::path& directory) {
  const UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || fsync(fd.get()) != 0) return fail_errno(errno, directory.native());
  return {};
}

Result<Rebuilt> rebuild(const fs::path& directory, const std::vector<config::Store>& stores,
                        const Clock& clock, const std::function<void(uint64_t, uint64_t)>& progress) {
  std::error_code error;
  fs::create_directories(directory, error);
  MJ_CHECK(checked(error, directory));
  MJ_TRY(const UniqueFd lock, lock_directory(directory));
  Rebuilt rebuilt;
  MJ_TRY(const fs::path draft, make_draft(directory));
  MJ_CHECK(draft_with_facts(directory, draft, rebuilt));
  MJ_CHECK(fill_from_files(draft, stores, clock, progress, rebuilt));
  MJ_CHECK(swap_in(directory, draft, clock.now(), rebuilt));
  return rebuilt;
}

Result<Rebuilt> replace_damaged(const fs::path& directory, const Clock& clock) {
  MJ_TRY(const UniqueFd lock, lock_directory(directory));
  Rebuilt rebuilt;
  MJ_TRY(const fs::path draft, make_draft(directory));
  MJ_CHECK(draft_with_facts(directory, draft, rebuilt));
  MJ_CHECK(swap_in(directory, draft, clock.now(), rebuilt));
  return rebuilt;
}

}  // namespace mj::index
