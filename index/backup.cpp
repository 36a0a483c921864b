#include "index/backup.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "index/impl.h"

namespace mj::index {

namespace {

constexpr std::string_view kPrefix = "index-", kSuffix = ".db", kPart = ".part", kKept = "kept-";

/// index-20261122T100000Z.db: sorted by name is sorted by time.
std::string name_of(WallTime made) {
  std::string text = format_rfc3339(made);  // 2026-11-22T10:00:00.000000Z
  text.resize(text.find('.'));
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return fmt::format("{}{}Z{}", kPrefix, text, kSuffix);
}

std::optional<WallTime> made_at(const std::string& name) {
  if (name.size() != kPrefix.size() + 16 + kSuffix.size() || !name.starts_with(kPrefix) ||
      !name.ends_with(kSuffix))
    return std::nullopt;
  const std::string t = name.substr(kPrefix.size(), 16);
  const auto parsed =
      parse_rfc3339(fmt::format("{}-{}-{}T{}:{}:{}Z", t.substr(0, 4), t.substr(4, 2), t.substr(6, 2),
                                t.substr(9, 2), t.substr(11, 2), t.substr(13, 2)));
  if (!parsed) return std::nullopt;
  return *parsed;
}

/// Whole copies, newest first, and what an end in the middle left. With `now`, a copy that a wrong clock
/// dated later than that may be of any age: it comes last, and so goes first.
struct Found {
  std::vector<std::string> whole, parts;
};
Found look(const std::filesystem::path& directory, WallTime now = WallTime::max()) {
  Found found;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator(directory, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (made_at(name)) found.whole.push_back(name);
    if (name.starts_with(kPrefix) && name.find(kPart) != std::string::npos) found.parts.push_back(name);
  }
  std::ranges::sort(found.whole, std::ranges::greater());
  std::ranges::stable_partition(found.whole, [&](const auto& name) { return *made_at(name) <= now; });
  return found;
}

Result<void> sync(const std::filesystem::path& path, int flags) {
  const UniqueFd fd(::open(path.c_str(), flags | O_CLOEXEC));
  if (!fd.valid() || ::fsync(fd.get()) != 0) return fail_errno(errno, fmt::format("sync {}", path.native()));
  return {};
}

/// A copy must not be what fills the disk that the index needs.
Result<void> expect_room(const std::filesystem::path& directory, const std::filesystem::path& file) {
  struct statvfs space {};
  if (statvfs(directory.c_str(), &space) != 0) return fail_errno(errno, directory.native());
  std::error_code error;
  const uint64_t needed = std::filesystem::file_size(file, error) + Backups::kSpare;
  const uint64_t free = static_cast<uint64_t>(space.f_bavail) * space.f_frsize;
  if (error || free >= needed) return {};
  return fail(ErrorKind::no_space, "{}: {} MB are free, a copy of the index needs {} MB and leaves {} MB",
              directory.native(), free / 1'000'000, (needed - Backups::kSpare) / 1'000'000,
              Backups::kSpare / 1'000'000);
}

}  // namespace

Result<std::filesystem::path> Backups::make(const std::filesystem::path& directory, int keep,
                                            const std::function<bool()>& go_on) const {
  auto& impl = *index_.impl_;
  const auto file = impl.directory / "index.db";
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (!error) std::filesystem::permissions(directory, std::filesystem::perms::owner_all, error);
  if (error) return fail_errno(error.value(), fmt::format("make {}", directory.native()));
  const WallTime now = impl.clock.now();
  for (const auto& part : look(directory).parts) std::filesystem::remove(directory / part, error);
  MJ_CHECK(expect_room(directory, file));
  const auto target = directory / name_of(now);
  const auto part = target.native() + std::string(kPart);
  MJ_TRY(const auto source, Database::open(file, Database::Mode::read));
  auto copied = source->copy_to(part, go_on);
  if (copied) copied = sync(part, O_RDWR);
  if (copied && ::rename(part.c_str(), target.c_str()) != 0) copied = fail_errno(errno, target.native());
  if (!copied) {
    std::filesystem::remove(part, error);
    return tl::unexpected(copied.error().within(target.native()));
  }
  MJ_CHECK(sync(directory, O_RDONLY | O_DIRECTORY));
  const auto whole = look(directory, now).whole;
  for (std::size_t i = static_cast<std::size_t>(std::max(keep, 1)); i < whole.size(); ++i)
    std::filesystem::remove(directory / whole[i], error);
  return target;
}

bool is_lost(const std::filesystem::path& directory) {
  std::error_code error;
  for (const char* file : {"index.db", "index.db-wal"}) {
    const auto bytes = std::filesystem::file_size(directory / file, error);
    if (error ? error != std::errc::no_such_file_or_directory : bytes > 0) return false;
  }
  return true;
}

Result<std::optional<std::filesystem::path>> Backups::put_newest_aside(
    const std::filesystem::path& directory) {
  const auto whole = look(directory).whole;
  if (whole.empty()) return std::nullopt;
  auto kept = directory / (std::string(kKept) + whole.front());
  if (::rename((directory / whole.front()).c_str(), kept.c_str()) != 0)
    return fail_errno(errno, kept.native());
  MJ_CHECK(sync(directory, O_RDONLY | O_DIRECTORY));
  return kept;
}

std::optional<WallTime> Backups::newest(const std::filesystem::path& directory) {
  const auto whole = look(directory).whole;
  return whole.empty() ? std::nullopt : made_at(whole.front());
}

}  // namespace mj::index
