#pragma once

#include "server/message.h"

/// Every handler of the table in routes.cpp, by file. They run on the network thread and await the work pool.
namespace mj::server {

struct Services;

// handlers_status.cpp
asio::awaitable<Response> get_healthz(Request& request, Services& services);
asio::awaitable<Response> get_metrics(Request& request, Services& services);
asio::awaitable<Response> get_streams(Request& request, Services& services);

// handlers_sign_in.cpp
asio::awaitable<Response> get_me(Request& request, Services& services);
asio::awaitable<Response> post_sign_in_first(Request& request, Services& services);
asio::awaitable<Response> post_sign_in(Request& request, Services& services);
asio::awaitable<Response> post_sign_out(Request& request, Services& services);

// handlers_intake.cpp
asio::awaitable<Response> post_events(Request& request, Services& services);

// handlers_agents.cpp
asio::awaitable<Response> post_agent_enrol(Request& request, Services& services);
asio::awaitable<Response> post_agent_challenge(Request& request, Services& services);
asio::awaitable<Response> post_agent_session(Request& request, Services& services);
asio::awaitable<Response> get_screen_position(Request& request, Services& services);
asio::awaitable<Response> post_entries(Request& request, Services& services);

// handlers_cases.cpp
asio::awaitable<Response> get_cases(Request& request, Services& services);
asio::awaitable<Response> get_case(Request& request, Services& services);

// handlers_search.cpp
asio::awaitable<Response> get_search(Request& request, Services& services);

// handlers_visits.cpp
asio::awaitable<Response> get_visits(Request& request, Services& services);
asio::awaitable<Response> get_visit(Request& request, Services& services);
asio::awaitable<Response> post_visit_link(Request& request, Services& services);

// handlers_alerts.cpp
asio::awaitable<Response> get_alerts(Request& request, Services& services);
asio::awaitable<Response> post_alert(Request& request, Services& services);

// handlers_holds.cpp
asio::awaitable<Response> get_holds(Request& request, Services& services);
asio::awaitable<Response> post_hold(Request& request, Services& services);
asio::awaitable<Response> post_hold_lift(Request& request, Services& services);

// handlers_register.cpp
asio::awaitable<Response> get_register(Request& request, Services& services);

// handlers_lanes.cpp
asio::awaitable<Response> get_lanes(Request& request, Services& services);

// handlers_footage.cpp
asio::awaitable<Response> get_stream_index(Request& request, Services& services);
asio::awaitable<Response> get_stream_coverage(Request& request, Services& services);
asio::awaitable<Response> get_stream_clock_offsets(Request& request, Services& services);
asio::awaitable<Response> get_stream_shots(Request& request, Services& services);
asio::awaitable<Response> get_run_init(Request& request, Services& services);
asio::awaitable<Response> get_segment(Request& request, Services& services);

}  // namespace mj::server
