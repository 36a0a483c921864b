// The demo hall's case feed: plays a queue and an approval system, posts what happens to the server by its
// HTTP API, and tells the workstation's page through a file which case is at the window.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <csignal>
#include <fstream>
#include <iostream>

#include "capture/agent/backoff.h"
#include "capture/agent/https_client.h"
#include "capture/agent/trouble.h"
#include "tests/support/case_script.h"

namespace {

using namespace mj;
using test::CaseEvent;

constexpr std::size_t kMaxPending = 10'000;
constexpr std::size_t kMaxBatch = 100;

struct Options {
  std::string server;
  std::filesystem::path ca_file, token_file, current;
  std::vector<std::string> windows, clerks;
  int interval_seconds = 30;
};

boost::json::object to_json(const CaseEvent& event) {
  boost::json::object object{{"id", event.id}, {"type", event.type}, {"at", test::china_time(event.at)}};
  const std::pair<const char*, const std::string&> texts[] = {{"window", event.window},
                                                              {"ticket", event.ticket},
                                                              {"case", event.case_number},
                                                              {"clerk", event.clerk},
                                                              {"step", event.step}};
  for (const auto& [key, text] : texts) {
    if (!text.empty()) object[key] = text;
  }
  if (!event.item_code.empty()) object["item"] = {{"code", event.item_code}, {"name", event.item_name}};
  return object;
}

std::string describe(const CaseEvent& event) {
  const std::string what = event.type == "ticket_called"     ? "叫号"
                           : event.type == "ticket_finished" ? "离开"
                           : event.step == "accepted"        ? "受理"
                           : event.step == "supplement"      ? "补正"
                                                             : "办结";
  return fmt::format("{} {} {} {} {} {}", test::china_time(event.at).substr(11, 8), what, event.window,
                     event.ticket.empty() ? "-" : event.ticket,
                     event.case_number.empty() ? "-" : event.case_number, event.item_name);
}

/// Replaces the file in one step: the page never reads half of it.
void write_current(const std::filesystem::path& file, const test::CaseScript& script) {
  boost::json::object windows;
  for (const test::AtWindow& at : script.at_windows()) {
    windows[at.window] = {{"ticket", at.ticket},
                          {"case", at.case_number},
                          {"item", at.item},
                          {"step", at.step},
                          {"clerk", at.clerk}};
  }
  std::filesystem::path part = file;
  part += ".part";
  std::ofstream(part) << boost::json::serialize(boost::json::object{{"windows", windows}}) << '\n';
  std::error_code failed;
  std::filesystem::rename(part, file, failed);
  if (failed) spdlog::warn("{}: {}", file.string(), failed.message());
}

/// Delivers events in order, again and again with the same ids until the server has them.
class Courier {
 public:
  Courier(agent::HttpsClient& client, Secret token) : client_(client), token_(std::move(token)) {}

  void add(std::vector<CaseEvent> events) {
    for (CaseEvent& event : events) pending_.push_back(std::move(event));
    while (pending_.size() > kMaxPending) pending_.pop_front();
  }

  /// Sends what is pending unless the server is to be left alone; when to try again, if anything is left.
  std::optional<WallTime> deliver(WallTime now) {
    while (!pending_.empty() && now >= away_until_) {
      const auto count = std::min(pending_.size(), kMaxBatch);
      boost::json::array events;
      for (std::size_t i = 0; i < count; ++i) events.push_back(to_json(pending_[i]));
      const auto response = client_.request(
          "POST", "/api/v1/events",
          {{"Authorization", "Bearer " + token_.reveal()}, {"Content-Type", "application/json"}},
          boost::json::serialize(boost::json::object{{"events", events}}));
      const bool useless = response && response->status == 400;
      if (response && (response->status == 200 || useless)) {
        done(count, useless ? response->body : "");
      } else {
        trouble_.is(response ? fmt::format("the server answers {}", response->status)
                             : response.error().message);
        away_until_ = now + backoff_.next(0.0);
      }
    }
    return pending_.empty() ? std::nullopt : std::optional(away_until_);
  }

 private:
  void done(std::size_t count, const std::string& refusal) {
    trouble_.over();
    backoff_.reset();
    for (std::size_t i = 0; i < count; ++i)
      std::cout << describe(pending_[i]) << (refusal.empty() ? "" : "  refused: ") << refusal << std::endl;
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(count));
  }

  agent::HttpsClient& client_;
  const Secret token_;
  std::deque<CaseEvent> pending_;
  WallTime away_until_ = WallTime::min();
  agent::Backoff backoff_;
  agent::Trouble trouble_{"events"};
};

/// Sleeps until then; false when a signal to stop came.
bool sleep_until(WallTime when, const sigset_t& signals, const Clock& clock) {
  const auto left = std::max(when - clock.now(), Duration(1000));
  timespec timeout{};
  timeout.tv_sec = left / std::chrono::seconds(1);
  timeout.tv_nsec = left % std::chrono::seconds(1) / Duration(1) * 1000;
  return sigtimedwait(&signals, nullptr, &timeout) < 0;
}

Result<void> run(const Options& options, const sigset_t& signals) {
  MJ_TRY(Secret token, agent::read_token(options.token_file));
  MJ_TRY(const auto client, agent::HttpsClient::create(options.server, {.ca_file = options.ca_file}));
  const SystemClock clock;
  test::CaseScript script(options.windows, options.clerks, std::chrono::seconds(options.interval_seconds),
                          clock.now());
  Courier courier(*client, std::move(token));
  for (;;) {
    const WallTime now = clock.now();
    auto events = script.until(now);
    if (!events.empty() && !options.current.empty()) write_current(options.current, script);
    courier.add(std::move(events));
    const auto retry = courier.deliver(now);
    if (!sleep_until(std::min(script.next(), retry.value_or(WallTime::max())), signals, clock)) return {};
  }
}

}  // namespace

int main(int argc, char** argv) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  CLI::App app("Posts the events of a demo hall's queue and approval systems.");
  Options options;
  app.add_option("--server", options.server, "https://host[:port]")->required();
  app.add_option("--ca-file", options.ca_file, "PEM file to verify the server with");
  app.add_option("--token-file", options.token_file, "File with the feed's token")->required();
  app.add_option("--window", options.windows, "A window's id; may be repeated")
      ->required()
      ->expected(1)
      ->take_all();
  app.add_option("--clerk", options.clerks, "A clerk's id, for the windows in turn; may be repeated")
      ->expected(1)
      ->take_all();
  app.add_option("--interval", options.interval_seconds, "Seconds from one call to the next at a window")
      ->check(CLI::Range(5, 3600));
  app.add_option("--current", options.current, "JSON file that says which case is at which window");
  CLI11_PARSE(app, argc, argv);

  init_log("info");
  name_thread("feed");
  const auto result = run(options, signals);
  if (result) return 0;
  spdlog::error("{}", result.error().message);
  return 1;
}
