#include "server/routes.h"

#include "server/handlers.h"

namespace mj::server {
namespace {

// One line per route. A lint compares this table with openapi.yaml; a test walks it with every kind of
// caller.
// clang-format off
constexpr Route kRoutes[] = {
    {http::verb::get, "/healthz", Access::open, &get_healthz},
    {http::verb::get, "/metrics", Access::loopback_or_person, &get_metrics},
    {http::verb::get, "/api/v1/me", Access::person, &get_me},
    {http::verb::post, "/api/v1/sign-in/first", Access::open, &post_sign_in_first},
    {http::verb::post, "/api/v1/sign-in", Access::open, &post_sign_in},
    {http::verb::post, "/api/v1/sign-out", Access::person, &post_sign_out},
    {http::verb::post, "/api/v1/events", Access::feed, &post_events, kEventsBody},
    {http::verb::get, "/api/v1/cases", Access::person, &get_cases},
    {http::verb::get, "/api/v1/cases/{number}", Access::person, &get_case},
    {http::verb::get, "/api/v1/holds", Access::person, &get_holds},
    {http::verb::post, "/api/v1/holds", Access::person, &post_hold},
    {http::verb::post, "/api/v1/holds/{hold}/lift", Access::person, &post_hold_lift},
    {http::verb::get, "/api/v1/register", Access::person, &get_register},
    {http::verb::get, "/api/v1/search", Access::person, &get_search},
    {http::verb::get, "/api/v1/visits", Access::person, &get_visits},
    {http::verb::get, "/api/v1/visits/{visit}", Access::person, &get_visit},
    {http::verb::post, "/api/v1/visits/{visit}/links", Access::person, &post_visit_link},
    {http::verb::get, "/api/v1/alerts", Access::person, &get_alerts},
    {http::verb::post, "/api/v1/alerts/{alert}", Access::person, &post_alert},
    {http::verb::get, "/api/v1/streams", Access::person, &get_streams},
    {http::verb::get, "/api/v1/lanes", Access::person, &get_lanes},
    {http::verb::get, "/api/v1/streams/{stream}/index", Access::person, &get_stream_index},
    {http::verb::get, "/api/v1/streams/{stream}/coverage", Access::person, &get_stream_coverage},
    {http::verb::get, "/api/v1/streams/{stream}/clock_offsets", Access::person, &get_stream_clock_offsets},
    {http::verb::get, "/api/v1/streams/{stream}/shots", Access::person, &get_stream_shots},
    {http::verb::get, "/api/v1/streams/{stream}/runs/{run_start_us}/init", Access::person, &get_run_init},
    {http::verb::get, "/api/v1/streams/{stream}/segments/{start_us}", Access::person, &get_segment},
    {http::verb::post, "/api/v1/agents/enrol", Access::agent, &post_agent_enrol},
    {http::verb::post, "/api/v1/agents/challenge", Access::agent, &post_agent_challenge},
    {http::verb::post, "/api/v1/agents/session", Access::agent, &post_agent_session},
    {http::verb::get, "/api/v1/screens/{workstation}/position", Access::workstation, &get_screen_position},
    {http::verb::post, "/api/v1/screens/{workstation}/entries", Access::workstation, &post_entries, kEntriesBody},
};
// clang-format on

/// Whether `path` has the form of `pattern`; fills `params`.
bool fits(std::string_view pattern, const std::vector<std::string>& path,
          std::vector<std::pair<std::string_view, std::string>>& params) {
  params.clear();
  for (const std::string& step : path) {
    if (pattern.empty()) return false;
    pattern.remove_prefix(1);  // '/'
    const auto want = pattern.substr(0, pattern.find('/'));
    pattern.remove_prefix(want.size());
    if (want.starts_with('{')) {
      if (step.empty()) return false;
      params.emplace_back(want.substr(1, want.size() - 2), step);
    } else if (want != step) {
      return false;
    }
  }
  return pattern.empty();
}

}  // namespace

std::span<const Route> routes() {
  return kRoutes;
}

Match match(http::verb method, const std::vector<std::string>& path) {
  Match result;
  for (const Route& route : kRoutes) {
    if (!fits(route.pattern, path, result.params)) continue;
    if (route.method == method) {
      result.route = &route;
      return result;
    }
    result.allowed.push_back(route.method);
  }
  return result;
}

}  // namespace mj::server
