#pragma once

#include <prometheus/registry.h>

#include <chrono>
#include <string>
#include <string_view>

#include "server/server.h"

namespace mj::server {

/// What /metrics shows. Owner: the Server. Threads: any. Labels come only from our own route table and the
/// settings, so their number is bounded whatever clients send.
class Metrics {
 public:
  Metrics();

  void request_done(std::string_view route, unsigned status, std::chrono::duration<double> took);
  void connections_open(std::size_t count);
  void connection_refused();

  /// Prometheus text format 0.0.4 of all the counters and of the hall's state now. Blocks (asks the index and
  /// the stores).
  [[nodiscard]] std::string text(const Context& context) const;

 private:
  prometheus::Registry registry_;
  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Family<prometheus::Histogram>& durations_;
  prometheus::Gauge& connections_;
  prometheus::Counter& refused_;
};

}  // namespace mj::server
