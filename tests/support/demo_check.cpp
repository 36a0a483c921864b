// Judges a running demo hall through its front door: opens a case by the API, decodes camera and screen at
// the called moment and compares the clocks painted into the pictures with what the index says of them.
// Prints one JSON line.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <thread>

#include "tests/support/api_session.h"
#include "tests/support/decoder.h"

namespace mj::test {

namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// How far a painted clock may be from the index: the arrival-based clock's promise (no sender reports),
/// design.md promise 8.
constexpr Duration kCameraTolerance = milliseconds(500);
/// The page repaints its clock five times a second and the compositor takes its time.
constexpr Duration kScreenTolerance = milliseconds(1500);
/// Three cadences of the agent.
constexpr Duration kOldestScreen = seconds(15);

/// The picture that stands at a moment: when the index says it was taken and what its painted clock says.
struct Sight {
  WallTime indexed, painted;
};

/// The last picture at or before `at`: found by the index, fetched from its key frame on, decoded. Errors:
/// not_found while there is no footage yet.
Result<Sight> look(ApiSession& api, const std::string& stream, WallTime at, Duration lookback) {
  MJ_TRY(const auto segments, api.index(stream, at - lookback, at + Duration{1}));
  for (auto segment = segments.rbegin(); segment != segments.rend(); ++segment) {
    std::optional<std::size_t> key, last;
    for (std::size_t i = 0; i < segment->fragments.size() && segment->fragments[i].start <= at; ++i) {
      if (segment->fragments[i].key) key = i;
      last = i;
    }
    if (!key) continue;
    MJ_TRY(const auto file, api.footage(stream, *segment, *key, *last));
    std::optional<Sight> sight;
    MJ_CHECK(decode_video(file, [&](Duration time, const LumaPlane<const uint8_t>& plane) {
      const auto code = read_code(plane);
      if (code && segment->start + time <= at) sight = Sight{segment->start + time, code->wall};
    }));
    if (!sight) return fail(ErrorKind::corrupt, "{}: no painted clock could be read", stream);
    return *sight;
  }
  return fail(ErrorKind::not_found, "{}: no footage at the called moment", stream);
}

struct Candidate {
  std::string number, camera, screen;
  WallTime called;
};

/// Visits at `window` that show both a counter camera and a screen with footage, newest first.
Result<std::vector<Candidate>> candidates(ApiSession& api, const std::string& window) {
  std::vector<Candidate> found;
  MJ_TRY(const auto cases, api.get_json("/api/v1/cases?limit=20"));
  for (const auto& hit : cases.at("cases").as_array()) {
    const std::string number(hit.at("number").as_string());
    MJ_TRY(const auto answer, api.get_json("/api/v1/cases/" + number));
    for (const auto& visit : answer.at("visits").as_array()) {
      if (visit.at("window").is_null() || visit.at("window").at("id").as_string() != window) continue;
      Candidate candidate{number, {}, {}, from_us(visit.at("called_us").as_int64())};
      for (const auto& stream : visit.at("streams").as_array()) {
        const auto& role = stream.at("role").as_string();
        const std::string key(stream.at("key").as_string());
        if (role == "counter" && stream.at("kind").as_string() == "main") candidate.camera = key;
        if (role == "screen") candidate.screen = key;
      }
      if (!candidate.camera.empty() && !candidate.screen.empty()) found.push_back(std::move(candidate));
    }
  }
  return found;
}

int64_t to_ms(Duration duration) {
  return std::chrono::duration_cast<milliseconds>(duration).count();
}

/// The verdict of one case; not_found while its footage is not there (yet).
Result<json::object> judge(ApiSession& api, const Candidate& candidate) {
  MJ_TRY(const auto camera, look(api, candidate.camera, candidate.called, seconds(130)));
  MJ_TRY(const auto screen, look(api, candidate.screen, candidate.called, seconds(330)));
  const Duration camera_error = camera.indexed - camera.painted;
  const Duration screen_error = screen.indexed - screen.painted;
  const Duration screen_age = candidate.called - screen.indexed;
  if (candidate.called - camera.indexed > seconds(2) || screen_age > kOldestScreen)
    return fail(ErrorKind::not_found, "{}: nothing was recorded at the called moment", candidate.number);
  const bool ok = std::chrono::abs(camera_error) <= kCameraTolerance &&
                  std::chrono::abs(screen_error) <= kScreenTolerance;
  return json::object{{"ok", ok},
                      {"case", candidate.number},
                      {"camera_error_ms", to_ms(camera_error)},
                      {"screen_age_ms", to_ms(screen_age)},
                      {"screen_error_ms", to_ms(screen_error)},
                      {"called_us", to_us(candidate.called)}};
}

/// Waits until some case can be opened, then judges it.
Result<json::object> check(ApiSession& api, const std::string& window, seconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  Error last{ErrorKind::not_found, "no case with a visit at window " + window};
  while (std::chrono::steady_clock::now() < deadline) {
    MJ_TRY(const auto list, candidates(api, window));
    for (const auto& candidate : list) {
      auto verdict = judge(api, candidate);
      if (verdict) return verdict;
      if (verdict.error().kind != ErrorKind::not_found) return tl::unexpected(verdict.error());
      last = verdict.error();
      fmt::print(stderr, "{}: {}\n", candidate.number, last.message);
    }
    std::this_thread::sleep_for(seconds(1));
  }
  return fail(ErrorKind::unavailable, "no case could be opened within {} s; last: {}", patience.count(),
              last.message);
}

}  // namespace

int run(int argc, char** argv) {
  CLI::App app("Opens a case of a running demo hall by the API and judges its footage");
  std::string server, ca_file, token, window;
  int64_t patience = 180;
  app.add_option("--server", server, "https://host:port")->required();
  app.add_option("--ca-file", ca_file, "PEM of the server's certificate")->required();
  app.add_option("--first-token", token, "the one-time sign-in token")->required();
  app.add_option("--camera-window", window, "window with a camera and a workstation")->required();
  app.add_option("--patience", patience, "seconds until it gives up");
  CLI11_PARSE(app, argc, argv);

  auto verdict = [&]() -> Result<json::object> {
    MJ_TRY(auto api, ApiSession::open(server, ca_file));
    MJ_CHECK(api.sign_in_first(token));
    return check(api, window, seconds(patience));
  }();
  const json::object answer =
      verdict ? *verdict : json::object{{"ok", false}, {"error", verdict.error().message}};
  std::puts(json::serialize(answer).c_str());
  return answer.at("ok").as_bool() ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace mj::test

int main(int argc, char** argv) {
  return mj::test::run(argc, argv);
}
