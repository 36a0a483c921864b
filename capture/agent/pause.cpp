#include "capture/agent/pause.h"

#include <unistd.h>

#include <boost/json.hpp>

#include "capture/agent/spool_files.h"
#include "capture/agent/utf8.h"

namespace mj::agent {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr const char* kFile = "pause.json";
constexpr std::size_t kMaxText = 512;

std::optional<Pause> parse(const std::string& content) {
  boost::system::error_code error;
  const json::value value = json::parse(content, error);
  if (error || !value.is_object()) return std::nullopt;
  const json::object& object = value.get_object();
  const auto* reason = object.if_contains("reason");
  const auto* by = object.if_contains("by");
  const auto* until = object.if_contains("until_us");
  if (reason == nullptr || !reason->is_string() || by == nullptr || !by->is_string() || until == nullptr ||
      !until->is_int64()) {
    return std::nullopt;
  }
  return Pause{clean_utf8(std::string_view(reason->get_string()), kMaxText),
               clean_utf8(std::string_view(by->get_string()), kMaxText), from_us(until->get_int64())};
}

}  // namespace

Result<void> ask_for_pause(const fs::path& state_directory, const Pause& pause, WallTime now) {
  if (pause.reason.find_first_not_of(" \t\r\n") == std::string::npos)
    return fail(ErrorKind::invalid, "a pause needs a reason (--reason \"…\"); it is recorded");
  if (pause.until <= now || pause.until - now > kLongestPause)
    return fail(ErrorKind::invalid, "a pause lasts at most four hours");
  const json::object body{{"reason", clean_utf8(pause.reason, kMaxText)},
                          {"by", clean_utf8(pause.by, kMaxText)},
                          {"until_us", to_us(pause.until)}};
  return replace_file(state_directory / kFile, as_bytes(json::serialize(body)), true);
}

Result<bool> end_pause(const fs::path& state_directory) {
  const fs::path file = state_directory / kFile;
  if (::access(file.c_str(), F_OK) != 0) return false;
  MJ_CHECK(replace_file(file, as_bytes("{}"), true));  // or a power cut could bring the pause back
  std::error_code error;
  fs::remove(file, error);
  if (error) return fail_errno(error.value(), kFile);
  return true;
}

std::optional<Pause> current_pause(const fs::path& state_directory, WallTime now) {
  if (::access((state_directory / kFile).c_str(), F_OK) != 0) return std::nullopt;
  const auto content = read_small_file(state_directory / kFile);
  auto pause = content ? parse(*content) : std::nullopt;
  if (pause && pause->until > now && pause->until - now <= kLongestPause) return pause;
  (void)end_pause(state_directory);
  return std::nullopt;
}

}  // namespace mj::agent
