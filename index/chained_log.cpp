#include "index/chained_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "index/rebuild.h"
#include "index/unique_fd.h"
#include "storage/digest.h"

namespace mj::index {

namespace {

constexpr std::string_view kNumber = R"({"number":)";
constexpr std::string_view kBefore = R"(,"before":")";
constexpr size_t kHexDigits = 64;
constexpr uint64_t kBlock = 256 * 1024;  // read at once

Digest hash_of(std::string_view line) {
  return storage::sha256(as_bytes(line));
}

/// What a line says of itself, or nothing if it is none of ours.
struct Head {
  uint64_t number = 0;
  std::string_view before;
};
std::optional<Head> head_of(std::string_view line) {
  Head head;
  if (!line.starts_with(kNumber)) return std::nullopt;
  line.remove_prefix(kNumber.size());
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), head.number);
  if (error != std::errc()) return std::nullopt;
  line.remove_prefix(static_cast<size_t>(end - line.data()));
  if (!line.starts_with(kBefore) || line.size() < kBefore.size() + kHexDigits) return std::nullopt;
  head.before = line.substr(kBefore.size(), kHexDigits);
  return head;
}

Result<std::string> read_from(int fd, uint64_t offset, uint64_t bytes, const std::filesystem::path& file) {
  std::string text(bytes, '\0');
  size_t got = 0;
  while (got < text.size()) {
    const ssize_t count = pread(fd, text.data() + got, text.size() - got, static_cast<off_t>(offset + got));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno(errno, file.native());
    if (count == 0) break;
    got += static_cast<size_t>(count);
  }
  text.resize(got);
  return text;
}

Result<void> write_all(int fd, std::string_view text, uint64_t offset, const std::filesystem::path& file) {
  while (!text.empty()) {
    const ssize_t count = pwrite(fd, text.data(), text.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno(errno, file.native());
    text.remove_prefix(static_cast<size_t>(count));
    offset += static_cast<uint64_t>(count);
  }
  if (fdatasync(fd) != 0) return fail_errno(errno, file.native());
  return {};
}

/// Behind the last whole line of `tail`, which begins at `offset` of its file, that names a number up to
/// `most`.
std::optional<ChainedLog::Place> last_up_to(std::string_view tail, uint64_t offset, uint64_t most) {
  for (auto end = tail.rfind('\n'); end != std::string_view::npos;) {
    const auto before = end == 0 ? std::string_view::npos : tail.rfind('\n', end - 1);
    if (before == std::string_view::npos && offset > 0) return std::nullopt;
    const auto begin = before == std::string_view::npos ? 0 : before + 1;
    const auto line = tail.substr(begin, end - begin);
    const auto head = head_of(line);
    if (head && head->number <= most) return ChainedLog::Place{offset + end + 1, head->number, hash_of(line)};
    end = before;
  }
  return std::nullopt;
}

}  // namespace

Result<ChainedLog::News> ChainedLog::look() {
  struct stat found {};
  if (stat(file_.c_str(), &found) != 0) {
    if (errno != ENOENT) return fail_errno(errno, file_.native());
    found = {};
  }
  const Identity identity{found.st_dev, found.st_ino};
  const auto size = static_cast<uint64_t>(found.st_size);
  News news;
  news.swapped =
      looked_ && settled_file_ != Identity{} && (identity != settled_file_ || size < settled_.offset);
  news.anew = !looked_ || news.swapped || identity != settled_file_;
  if (news.anew) settled_ = {};
  reached_ = settled_;
  reached_file_ = identity;
  if (size == settled_.offset) return news;
  const UniqueFd fd(open(file_.c_str(), O_RDONLY | O_CLOEXEC));
  const auto text = fd.valid() ? read_from(fd.get(), settled_.offset, size - settled_.offset, file_)
                               : Result<std::string>(fail_errno(errno, file_.native()));
  if (!text) {
    reached_file_ = {};  // whatever it is, it is to be read from its begin
    return tl::unexpected(text.error());
  }
  read_lines(*text, news);
  return news;
}

void ChainedLog::read_lines(std::string_view text, News& news) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    const bool last = end == std::string_view::npos || end + 1 == text.size();
    // A power cut may leave a hole of zeros in what was being written.
    if (end == std::string_view::npos || (last && line.find('\0') != std::string_view::npos)) {
      news.torn_bytes = text.size();
      return;
    }
    Line& told = news.lines.emplace_back();
    told.number = ++reached_.number;
    told.text = line;
    const auto head = head_of(line);
    if (!head) {
      told.broken = "it is no line of this log";
    } else if (head->number != told.number || head->before != to_hex(reached_.hash)) {
      told.broken = "it does not name the line before it";
      // One of the two was changed: nobody can say which.
      if (news.lines.size() > 1 && news.lines[news.lines.size() - 2].broken.empty())
        news.lines[news.lines.size() - 2].broken = "the line after it does not name it";
    }
    reached_.hash = hash_of(line);
    reached_.offset += line.size() + 1;
    text.remove_prefix(end + 1);
  }
}

Result<void> ChainedLog::pass_over(uint64_t number) {
  const UniqueFd fd(open(file_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid() && errno == ENOENT) return {};
  struct stat found {};
  if (!fd.valid() || fstat(fd.get(), &found) != 0) return fail_errno(errno, file_.native());
  const auto size = static_cast<uint64_t>(found.st_size);
  uint64_t begin = size;
  for (uint64_t want = kBlock; begin > 0; want *= 2) {
    begin = size - std::min(size, want);
    MJ_TRY(const auto tail, read_from(fd.get(), begin, size - begin, file_));
    const auto place = last_up_to(tail, begin, number);
    if (!place) continue;
    settled_ = *place;
    settled_file_ = {found.st_dev, found.st_ino};
    looked_ = true;
    return {};
  }
  return {};
}

Result<void> ChainedLog::each_line(const std::filesystem::path& file,
                                   const std::function<void(const Line&)>& tell) {
  const UniqueFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid() && errno == ENOENT) return {};
  if (!fd.valid()) return fail_errno(errno, file.native());
  ChainedLog log(file);
  News news;
  for (uint64_t want = kBlock;;) {
    const auto before = log.reached_.offset;
    MJ_TRY(const auto text, read_from(fd.get(), before, want, file));
    log.read_lines(text, news);
    if (log.reached_.offset == before) {
      if (text.size() < want) break;
      want *= 2;
    } else {
      // The last one waits: the line after it may blame it.
      for (size_t i = 0; i + 1 < news.lines.size(); ++i) tell(news.lines[i]);
      news.lines.erase(news.lines.begin(), news.lines.end() - 1);
    }
  }
  for (const Line& line : news.lines) tell(line);
  return {};
}

void ChainedLog::settle() {
  settled_ = reached_;
  settled_file_ = reached_file_;
  looked_ = true;
}

Result<void> ChainedLog::append(const std::vector<std::string>& objects) {
  Place next = reached_;
  std::string text;
  for (const std::string& object : objects) {
    const auto line = fmt::format("{}{}{}{}\",{}", kNumber, ++next.number, kBefore, to_hex(next.hash),
                                  std::string_view(object).substr(1));
    next.hash = hash_of(line);
    text += line + '\n';
  }
  const UniqueFd fd(open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.valid()) return fail_errno(errno, file_.native());
  struct stat found {};
  if (fstat(fd.get(), &found) != 0) return fail_errno(errno, file_.native());
  const auto keep = static_cast<off_t>(reached_.offset);
  if (found.st_size < keep) return fail(ErrorKind::internal, "{}: became shorter", file_.native());
  if (found.st_size > keep && ftruncate(fd.get(), keep) != 0) return fail_errno(errno, file_.native());
  auto written = write_all(fd.get(), text, reached_.offset, file_);
  if (written && keep == 0) written = sync_directory(file_.parent_path());
  if (!written) {
    // What a failed write or sync left must not be taken for durable; the next attempt writes those pages
    // anew.
    static_cast<void>(ftruncate(fd.get(), keep));
    return written;
  }
  next.offset = reached_.offset + text.size();
  reached_ = next;
  reached_file_ = {found.st_dev, found.st_ino};
  return {};
}

void AnewLines::see(const ChainedLog::Line& line, std::vector<std::string>& sentences) {
  // As the last member: no text that somebody typed can look like it, its quotes are escaped.
  const bool anew = line.text.ends_with(R"(,"anew":true})") || line.text.ends_with(R"(,"lost":true})");
  if (!anew) return end(sentences);
  if (first_ == 0) first_ = line.number;
  last_ = line.number;
}

void AnewLines::end(std::vector<std::string>& sentences) {
  if (first_ == 0) return;
  sentences.push_back(
      fmt::format("{} lines {} to {} were lost and written anew from the index: nobody can say that they are "
                  "as they were",
                  file_.native(), first_, last_));
  first_ = 0;
}

Result<void> ChainedLog::cut_torn() {
  const UniqueFd fd(open(file_.c_str(), O_RDWR | O_CLOEXEC));
  if (!fd.valid() || ftruncate(fd.get(), static_cast<off_t>(reached_.offset)) != 0 ||
      fdatasync(fd.get()) != 0)
    return fail_errno(errno, file_.native());
  return {};
}

}  // namespace mj::index
