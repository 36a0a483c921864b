#include "capture/agent/uplink.h"

#include <boost/json.hpp>
#include <charconv>

#include "capture/agent/shot_body.h"
#include "capture/agent/utf8.h"

namespace mj::agent {

namespace {

constexpr std::size_t kQueuedShots = 4;
constexpr std::size_t kMaxAnswerBytes = 64 * 1024;
constexpr Duration kPatienceWhenDenied = std::chrono::seconds(20);
constexpr int64_t kMaxRetryAfterSeconds = 300;

/// The answer's JSON object; an empty one when it is none.
boost::json::object json_object(const std::string& body) {
  boost::system::error_code error;
  boost::json::value value = boost::json::parse(body, error);
  return !error && value.is_object() ? std::move(value.get_object()) : boost::json::object{};
}

/// A refusal in words: the status and, as far as it goes, the server's own sentence.
Error refusal(const Response& response) {
  const boost::json::object answer = json_object(response.body);
  std::string sentence;
  if (const auto* error = answer.if_contains("error"); error != nullptr && error->is_object()) {
    if (const auto* message = error->get_object().if_contains("message");
        message != nullptr && message->is_string()) {
      sentence =
          ": " +
          clean_utf8(std::string_view(message->get_string().data(), message->get_string().size()), 200);
    }
  }
  const bool denied = response.status == 401 || response.status == 403;
  return {denied ? ErrorKind::denied : ErrorKind::unavailable,
          fmt::format("the server answers {}{}", response.status, sentence)};
}

Duration retry_after(const Response& response) {
  int64_t seconds = 0;
  if (const std::string* text = response.header("Retry-After")) {
    std::from_chars(text->data(), text->data() + text->size(), seconds);
  }
  return std::chrono::seconds(std::clamp<int64_t>(seconds, 0, kMaxRetryAfterSeconds));
}

}  // namespace

Result<std::unique_ptr<Uplink>> Uplink::start(UplinkSettings settings, const Clock& clock) {
  MJ_TRY(auto client, HttpsClient::create(settings.server, {.ca_file = settings.ca_file,
                                                            .timeout = settings.timeout,
                                                            .max_answer_bytes = kMaxAnswerBytes}));
  return std::unique_ptr<Uplink>(new Uplink(std::move(settings), clock, std::move(client)));
}

Uplink::Uplink(UplinkSettings settings, const Clock& clock, std::unique_ptr<HttpsClient> client)
    : settings_(std::move(settings)),
      clock_(clock),
      client_(std::move(client)),
      queue_(kQueuedShots),
      random_(std::random_device{}()),
      thread_([this] { run(); }) {}

Uplink::~Uplink() {
  stopping_ = true;
  queue_.close();
  client_->cancel();
  thread_.join();
}

bool Uplink::ready() const {
  return clock_.steady_now().time_since_epoch().count() >= away_until_;
}

bool Uplink::offer(capture::Shot shot) {
  return queue_.try_push(std::move(shot));
}

void Uplink::run() {
  name_thread("uplink");
  while (!stopping_) {
    for (const capture::Shot& shot : queue_.pop_all(std::chrono::seconds(60))) {
      // Shots that were queued behind a lost one are of no use to anybody.
      if (stopping_ || !ready() || (key_wanted_ && !shot.key)) continue;
      send(shot);
    }
  }
}

void Uplink::send(const capture::Shot& shot) {
  const Headers headers{{"Authorization", "Bearer " + settings_.token.reveal()},
                        {"Content-Type", kShotMediaType}};
  const auto response = client_->request("POST", "/api/v1/screens/" + settings_.workstation + "/shots",
                                         headers, shot_body(shot, server_clock_.offset()));
  if (!response) return failed(response.error(), Duration::zero());
  key_wanted_ = false;
  measure(*response);
  if (response->status == 200) return delivered(*response);
  const Error error = refusal(*response);
  failed(error, std::max(retry_after(*response),
                         error.kind == ErrorKind::denied ? kPatienceWhenDenied : Duration::zero()));
}

void Uplink::delivered(const Response& response) {
  backoff_.reset();
  trouble_.over();
  const boost::json::object answer = json_object(response.body);
  if (const auto* wanted = answer.if_contains("key_wanted");
      wanted != nullptr && wanted->is_bool() && wanted->get_bool()) {
    key_wanted_ = true;
  }
}

void Uplink::failed(const Error& error, Duration at_least) {
  if (error.kind == ErrorKind::cancelled) return;
  key_wanted_ = true;
  const double random = static_cast<double>(random_() - std::minstd_rand::min()) / std::minstd_rand::max();
  const Duration pause = std::max(backoff_.next(random), at_least);
  away_until_ = (clock_.steady_now() + pause).time_since_epoch().count();
  ++failures_;
  trouble_.is(error);
}

void Uplink::measure(const Response& response) {
  const boost::json::object answer = json_object(response.body);
  const auto* server_time = answer.if_contains("server_time_us");
  if (server_time == nullptr || !server_time->is_int64()) return;
  if (server_clock_.measured(from_us(server_time->get_int64()), clock_.now(), response.round_trip)) {
    spdlog::info("the server's clock is {} ms ahead of this machine's",
                 server_clock_.offset().count() / 1000);
    key_wanted_ = true;
  }
}

}  // namespace mj::agent
