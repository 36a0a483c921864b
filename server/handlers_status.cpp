#include <algorithm>

#include "server/handlers.h"
#include "server/json_out.h"
#include "server/services.h"

namespace mj::server {
namespace {

struct Health {
  std::size_t streams = 0, recording = 0, stores = 0, writable = 0;
  /// Every stream records and there is somewhere to write.
  [[nodiscard]] bool ok() const { return recording == streams && writable > 0; }
};

Health health_of(const Context& context) {
  Health health;
  const auto streams = context.capture.status();
  const auto stores = context.store_status();
  health.streams = streams.size();
  health.recording =
      static_cast<std::size_t>(std::count_if(streams.begin(), streams.end(), [](const auto& s) {
        return s.state == capture::StreamStatus::State::recording;
      }));
  health.stores = stores.size();
  health.writable = static_cast<std::size_t>(
      std::count_if(stores.begin(), stores.end(), [](const auto& store) { return store.writable; }));
  return health;
}

json::object status_of_hall(const Context& context) {
  json::array streams, stores;
  for (const auto& status : context.capture.status()) streams.push_back(to_json(status, context.settings));
  for (const auto& status : context.store_status()) stores.push_back(to_json(status));
  return {{"streams", std::move(streams)}, {"stores", std::move(stores)}};
}

}  // namespace

asio::awaitable<Response> get_healthz(Request&, Services& services) {
  const Health health = co_await on_work(services.work, [&] { return health_of(services.context); });
  const json::object body{{"ok", health.ok()},
                          {"streams", health.streams},
                          {"recording", health.recording},
                          {"stores", health.stores},
                          {"writable", health.writable}};
  co_return json_answer(body, health.ok() ? http::status::ok : http::status::service_unavailable);
}

asio::awaitable<Response> get_metrics(Request&, Services& services) {
  auto text = co_await on_work(services.work, [&] { return services.metrics.text(services.context); });
  co_return binary_answer(std::move(text), "text/plain; version=0.0.4; charset=utf-8");
}

asio::awaitable<Response> get_streams(Request& request, Services& services) {
  if (auto query = allow_query(request.target, {}); !query) co_return error_answer(query.error());
  auto body = co_await on_work(services.work, [&] { return status_of_hall(services.context); });
  co_return json_answer(std::move(body));
}

}  // namespace mj::server
