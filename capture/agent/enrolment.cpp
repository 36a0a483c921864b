#include "capture/agent/enrolment.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdlib>

#include "capture/agent/server_api.h"
#include "capture/agent/spool_files.h"

namespace mj::agent {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr const char* kKeyFile = "agent.key";
constexpr const char* kEnrolmentFile = "enrolment.json";
constexpr const char* kTrustFile = "server.pem";
constexpr Duration kTimeout = std::chrono::seconds(20);

fs::path from_environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before any thread
  return value == nullptr ? fs::path() : fs::path(value);
}

Result<void> make_directory(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (!error) fs::permissions(directory, fs::perms::owner_all, error);
  if (error) return fail_errno(error.value(), "state directory " + directory.string());
  return {};
}

/// The key of a try that did not come to its end is used again: the server may know it already.
Result<SigningKey> make_key(const fs::path& file) {
  if (const auto kept = read_small_file(file)) return SigningKey::from_seed(as_bytes(*kept));
  MJ_TRY(SigningKey key, SigningKey::generate());
  MJ_CHECK(replace_file(file, key.seed(), true));
  return key;
}

std::string text(const json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

/// The id goes into the paths of requests.
bool is_id(const std::string& text) {
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !text.empty() && text.size() <= 48 && std::ranges::all_of(text, allowed);
}

}  // namespace

fs::path default_state_directory() {
  fs::path base = from_environment("XDG_STATE_HOME");
  if (base.empty()) base = from_environment("HOME") / ".local" / "state";
  return base / "mingjing-agent";
}

Result<Enrolment> enrol(const EnrolOptions& options) {
  const fs::path& directory = options.state_directory;
  if (const auto before = load_enrolment(directory)) {
    return fail(
        ErrorKind::invalid,
        "{} is enrolled as {} already; to enrol it anew, remove {} (what it holds and the server does not "
        "have yet is lost then)",
        directory.string(), before->workstation, directory.string());
  }
  MJ_CHECK(make_directory(directory));
  fs::path trust;
  if (!options.ca_file.empty()) {
    trust = directory / kTrustFile;
    MJ_TRY(const std::string pem, read_small_file(options.ca_file));
    MJ_CHECK(replace_file(trust, as_bytes(pem), true));
  }
  MJ_TRY(const SigningKey key, make_key(directory / kKeyFile));
  const SystemClock clock;
  Timekeeper timekeeper(clock, {});
  MJ_TRY(auto api, ServerApi::create(options.server, trust, kTimeout, timekeeper));
  MJ_TRY(const Enrolled enrolled, api->enrol(options.code, key));
  if (!is_id(enrolled.workstation)) return fail(ErrorKind::invalid, "the server names no workstation");
  const json::object kept{{"server", options.server},
                          {"workstation", enrolled.workstation},
                          {"agent", enrolled.agent},
                          {"system_authorities", trust.empty()},
                          {"offset_us", enrolled.offset.count()}};
  MJ_CHECK(replace_file(directory / kEnrolmentFile, as_bytes(json::serialize(kept)), true));
  return load_enrolment(directory);
}

Result<Enrolment> load_enrolment(const fs::path& state_directory) {
  const auto content = read_small_file(state_directory / kEnrolmentFile);
  if (!content) {
    return fail(content.error().kind,
                "not enrolled ({}): ask for a code (mingjing agent enrol), then run mingjing-agent enrol",
                content.error().message);
  }
  MJ_TRY(const std::string seed, read_small_file(state_directory / kKeyFile));
  MJ_TRY(SigningKey key, SigningKey::from_seed(as_bytes(seed)));
  boost::system::error_code error;
  const json::value value = json::parse(*content, error);
  if (error || !value.is_object()) return fail(ErrorKind::corrupt, "{} is damaged", kEnrolmentFile);
  const json::object& object = value.get_object();
  Enrolment enrolment{.server = text(object, "server"),
                      .workstation = text(object, "workstation"),
                      .agent = text(object, "agent"),
                      .key = std::move(key),
                      .ca_file = {},
                      .offset = {}};
  const auto* system_trust = object.if_contains("system_authorities");
  if (system_trust == nullptr || !system_trust->is_bool() || !is_id(enrolment.workstation))
    return fail(ErrorKind::corrupt, "{} is damaged", kEnrolmentFile);
  if (!system_trust->get_bool()) enrolment.ca_file = state_directory / kTrustFile;
  if (const auto* offset = object.if_contains("offset_us"); offset != nullptr && offset->is_int64())
    enrolment.offset = Duration(offset->get_int64());
  return enrolment;
}

Result<RunLock> RunLock::take(const fs::path& state_directory) {
  const fs::path file = state_directory / "lock";
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return fail_errno(errno, file.string());
  RunLock lock(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return lock;
  return fail(ErrorKind::unavailable, "an agent runs with {} already", state_directory.string());
}

RunLock::RunLock(RunLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

RunLock::~RunLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace mj::agent
