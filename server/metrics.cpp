#include "server/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/text_serializer.h>

#include "server/version.h"

namespace mj::server {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

/// Builds the families of the hall's state, one sample at a time.
class Families {
 public:
  MetricFamily& add(const char* metric, const char* help, MetricType type) {
    families_.push_back({metric, help, type, {}});
    return families_.back();
  }
  static void sample(MetricFamily& family, double value, std::vector<ClientMetric::Label> labels = {}) {
    ClientMetric metric;
    metric.label = std::move(labels);
    metric.gauge.value = value;
    metric.counter.value = value;
    family.metric.push_back(std::move(metric));
  }
  [[nodiscard]] std::vector<MetricFamily> take() { return std::move(families_); }

 private:
  std::vector<MetricFamily> families_;
};

void add_streams(Families& out, const std::vector<capture::StreamStatus>& streams) {
  using State = capture::StreamStatus::State;
  const auto each = [&](const char* metric, const char* help, MetricType type, auto value) {
    MetricFamily& family = out.add(metric, help, type);
    for (const auto& stream : streams) Families::sample(family, value(stream), {{"stream", stream.stream}});
  };
  each("mj_stream_recording", "1 while frames of the stream are recorded", MetricType::Gauge,
       [](const auto& s) { return s.state == State::recording ? 1.0 : 0.0; });
  each("mj_stream_frames_total", "Frames received", MetricType::Counter,
       [](const auto& s) { return static_cast<double>(s.frames); });
  each("mj_stream_bytes_total", "Bytes received", MetricType::Counter,
       [](const auto& s) { return static_cast<double>(s.bytes); });
  each("mj_stream_last_frame_timestamp_seconds", "When the newest frame came, 0 if none did",
       MetricType::Gauge,
       [](const auto& s) { return s.last_frame ? static_cast<double>(to_us(*s.last_frame)) / 1e6 : 0.0; });
  each("mj_stream_picture_frozen", "1 while one key picture is like the other", MetricType::Gauge,
       [](const auto& s) { return s.look == capture::Look::frozen ? 1.0 : 0.0; });
  each("mj_stream_picture_dark", "1 while key pictures are far smaller than usual", MetricType::Gauge,
       [](const auto& s) { return s.look == capture::Look::dark ? 1.0 : 0.0; });
  MetricFamily& clocks =
      out.add("mj_camera_clock_offset_seconds", "The camera's clock minus ours", MetricType::Gauge);
  for (const auto& s : streams) {
    if (s.camera_clock)
      Families::sample(clocks, static_cast<double>(s.camera_clock->offset.count()) / 1e6,
                       {{"stream", s.stream}});
  }
}

/// Agents in sums: a hall has two hundred, and /api/v1/streams tells of each.
void add_agents(Families& out, const std::vector<capture::StreamStatus>& streams) {
  std::array<uint64_t, capture::kRefusals> refused{};
  uint64_t heard = 0, thinned = 0, missing = 0, breaks = 0;
  for (const auto& stream : streams) {
    if (!stream.agent) continue;
    ++heard;
    thinned += stream.agent->thinned ? 1 : 0;
    missing += stream.agent->missing;
    breaks += stream.agent->breaks;
    for (std::size_t i = 0; i < refused.size(); ++i) refused[i] += stream.agent->refused[i];
  }
  const auto one = [&](const char* metric, const char* help, MetricType type, uint64_t value) {
    Families::sample(out.add(metric, help, type), static_cast<double>(value));
  };
  one("mj_agents_heard", "Workstations whose agent was heard since the start", MetricType::Gauge, heard);
  one("mj_agents_thinned", "Of these, how many lengthen their cadence because their spool is tight",
      MetricType::Gauge, thinned);
  one("mj_agent_entries_missing_total", "Entries that are gone for ever, by their agents' word",
      MetricType::Counter, missing);
  one("mj_agent_chain_breaks_total", "Entries that do not name the one before them", MetricType::Counter,
      breaks);
  MetricFamily& family =
      out.add("mj_agent_entries_refused_total", "Entries refused, by reason", MetricType::Counter);
  for (std::size_t i = 0; i < refused.size(); ++i) {
    Families::sample(family, static_cast<double>(refused[i]),
                     {{"reason", capture::name(static_cast<capture::Refusal>(i))}});
  }
}

void add_stores(Families& out, const std::vector<storage::StoreStatus>& stores) {
  const auto each = [&](const char* metric, const char* help, auto value) {
    MetricFamily& family = out.add(metric, help, MetricType::Gauge);
    for (const auto& store : stores) Families::sample(family, value(store), {{"store", store.id}});
  };
  each("mj_store_writable", "1 while the store takes footage",
       [](const auto& s) { return s.writable ? 1.0 : 0.0; });
  each("mj_store_free_bytes", "Free space", [](const auto& s) { return static_cast<double>(s.free_bytes); });
  each("mj_store_total_bytes", "Size of the file system",
       [](const auto& s) { return static_cast<double>(s.total_bytes); });
  each("mj_store_queued_fragments", "Fragments waiting for the disk",
       [](const auto& s) { return static_cast<double>(s.queued); });
  MetricFamily& refused =
      out.add("mj_store_refused_fragments_total", "Fragments there was no room for", MetricType::Counter);
  for (const auto& store : stores) {
    for (const StreamKind kind : {StreamKind::main, StreamKind::sub, StreamKind::screen}) {
      const auto count = static_cast<double>(store.refused[static_cast<std::size_t>(kind)]);
      Families::sample(refused, count, {{"store", store.id}, {"kind", mj::name(kind)}});
    }
  }
}

void add_feeds(Families& out, const Context& context) {
  auto status = index::Feeds(context.index).status();
  const auto each = [&](const char* metric, const char* help, MetricType type, auto&& samples) {
    MetricFamily& family = out.add(metric, help, type);
    for (const auto& feed : context.settings.feeds) samples(family, feed.id, status[feed.id]);
  };
  each("mj_feed_events_total", "Events that a feed told, by what became of them", MetricType::Counter,
       [](MetricFamily& family, const std::string& feed, const index::FeedStatus& s) {
         const std::pair<const char*, uint64_t> results[] = {
             {"accepted", s.accepted}, {"known", s.duplicates}, {"refused", s.refused}};
         for (const auto& [result, count] : results)
           Families::sample(family, static_cast<double>(count), {{"feed", feed}, {"result", result}});
       });
  each("mj_feed_last_event_timestamp_seconds", "When the feed told something last, 0 if it never did",
       MetricType::Gauge, [](MetricFamily& family, const std::string& feed, const index::FeedStatus& s) {
         Families::sample(family, s.last ? static_cast<double>(to_us(*s.last)) / 1e6 : 0.0, {{"feed", feed}});
       });
  each("mj_feed_trouble", "1 while the feed's folder or database cannot be read", MetricType::Gauge,
       [](MetricFamily& family, const std::string& feed, const index::FeedStatus& s) {
         Families::sample(family, s.trouble.empty() ? 0 : 1, {{"feed", feed}});
       });
}

void add_alerts(Families& out, index::Index& index) {
  const auto open = index::Alerts(index).open();
  if (!open) return;  // mj_index_up tells that
  MetricFamily& family = out.add(
      "mj_alerts_open", "Alerts that wait for a person, of the newest 10000 of them", MetricType::Gauge);
  for (const auto level : {index::AlertLevel::blue, index::AlertLevel::yellow, index::AlertLevel::red}) {
    Families::sample(family, static_cast<double>((*open)[static_cast<std::size_t>(level)]),
                     {{"level", index::name(level)}});
  }
}

void add_purge(Families& out, const index::PurgeStatus& purge) {
  const auto one = [&](const char* metric, const char* help, MetricType type, auto value) {
    Families::sample(out.add(metric, help, type), static_cast<double>(value));
  };
  one("mj_purge_segments_total", "Segments deleted because their time was over", MetricType::Counter,
      purge.segments);
  one("mj_purge_bytes_total", "Bytes of these", MetricType::Counter, purge.bytes);
  one("mj_purge_errors_total", "Attempts to delete a segment that failed", MetricType::Counter, purge.errors);
  one("mj_purge_garbage_segments", "Segments whose deletion is under way", MetricType::Gauge, purge.garbage);
  one("mj_purge_due_segments", "Segments whose time is over and that are still there; up to 1000 of a stream",
      MetricType::Gauge, purge.due);
  one("mj_purge_overdue_seconds", "How late the oldest of all these is", MetricType::Gauge,
      std::chrono::duration<double>(purge.overdue).count());
  one("mj_purge_clock_behind_seconds", "How much of the host's clock the purge does not believe",
      MetricType::Gauge, std::chrono::duration<double>(purge.clock_behind).count());
}

}  // namespace

Metrics::Metrics()
    : requests_(prometheus::BuildCounter()
                    .Name("mj_http_requests_total")
                    .Help("Requests answered")
                    .Register(registry_)),
      durations_(prometheus::BuildHistogram()
                     .Name("mj_http_request_seconds")
                     .Help("From the header read to the last byte handed to the system")
                     .Register(registry_)),
      connections_(prometheus::BuildGauge()
                       .Name("mj_http_connections")
                       .Help("Connections open now")
                       .Register(registry_)
                       .Add({})),
      refused_(prometheus::BuildCounter()
                   .Name("mj_http_connections_refused_total")
                   .Help("Connections closed at once because there were too many")
                   .Register(registry_)
                   .Add({})) {}

void Metrics::request_done(std::string_view route, unsigned status, std::chrono::duration<double> took) {
  const std::string label(route);
  requests_.Add({{"route", label}, {"status", std::to_string(status)}}).Increment();
  durations_.Add({{"route", label}}, prometheus::Histogram::BucketBoundaries{0.005, 0.02, 0.1, 0.5, 2, 10})
      .Observe(took.count());
}

void Metrics::connections_open(std::size_t count) {
  connections_.Set(static_cast<double>(count));
}

void Metrics::connection_refused() {
  refused_.Increment();
}

std::string Metrics::text(const Context& context) const {
  Families families;
  Families::sample(families.add("mj_build_info", "The version that runs", MetricType::Gauge), 1,
                   {{"version", version()}});
  Families::sample(families.add("mj_index_up", "1 while the index takes rows", MetricType::Gauge),
                   context.index.healthy() ? 1 : 0);
  const auto streams = context.capture.status();
  add_streams(families, streams);
  add_agents(families, streams);
  add_stores(families, context.store_status());
  add_feeds(families, context);
  add_alerts(families, context.index);
  add_purge(families, context.index.purge_status());
  std::vector<MetricFamily> all = families.take();
  for (MetricFamily& family : registry_.Collect()) all.push_back(std::move(family));
  return prometheus::TextSerializer().Serialize(all);
}

}  // namespace mj::server
