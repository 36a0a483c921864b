#include "capture/agent/server_api.h"

#include <boost/json.hpp>
#include <charconv>

#include "capture/agent/entry.h"
#include "capture/agent/utf8.h"

namespace mj::agent {

namespace {

namespace json = boost::json;

constexpr std::size_t kMaxAnswerBytes = 64 * 1024;
constexpr std::size_t kSlowestLine = 16 * 1024;  ///< bytes/s; the server asks for no less
constexpr std::size_t kMaxSentence = 200;
constexpr int64_t kMaxRetryAfterSeconds = 300;
constexpr const char* kJson = "application/json";

std::optional<int64_t> number(const json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_int64() ? std::optional(value->get_int64()) : std::nullopt;
}

std::string text(const json::object& object, const char* name, std::size_t max_bytes) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return clean_utf8(std::string_view(value->get_string().data(), value->get_string().size()), max_bytes);
}

std::optional<Position> read_position(const json::object& object) {
  const auto next = number(object, "next");
  const auto durable = number(object, "durable");
  const auto* wanted = object.if_contains("key_wanted");
  if (!next || !durable || *next < 1 || *durable < 0 || *durable >= *next || wanted == nullptr ||
      !wanted->is_bool())
    return std::nullopt;
  return Position{static_cast<uint64_t>(*next), static_cast<uint64_t>(*durable), wanted->get_bool()};
}

Duration retry_after(const Response& response) {
  int64_t seconds = 0;
  if (const std::string* value = response.header("Retry-After")) {
    std::from_chars(value->data(), value->data() + value->size(), seconds);
  }
  return std::chrono::seconds(std::clamp<int64_t>(seconds, 0, kMaxRetryAfterSeconds));
}

}  // namespace

struct ServerApi::Reply {
  Answer answer;
  json::object object;  ///< empty when the body was none
};

Result<std::unique_ptr<ServerApi>> ServerApi::create(const std::string& server,
                                                     const std::filesystem::path& ca_file, Duration timeout,
                                                     Timekeeper& timekeeper) {
  MJ_TRY(auto client, HttpsClient::create(server, {.ca_file = ca_file,
                                                   .timeout = timeout,
                                                   .slowest_line = kSlowestLine,
                                                   .max_answer_bytes = kMaxAnswerBytes}));
  return std::unique_ptr<ServerApi>(new ServerApi(std::move(client), timekeeper));
}

Result<ServerApi::Reply> ServerApi::ask(const std::string& method, const std::string& target,
                                        std::string body, const char* content_type) {
  Headers headers;
  if (!token_.empty()) headers.emplace_back("Authorization", "Bearer " + token_);
  if (!body.empty()) headers.emplace_back("Content-Type", content_type);
  MJ_TRY(const Response response, client_->request(method, target, headers, std::move(body)));
  Reply reply;
  boost::system::error_code error;
  json::value value = json::parse(response.body, error);
  if (!error && value.is_object()) reply.object = std::move(value.get_object());
  if (const auto time = number(reply.object, "server_time_us"))
    timekeeper_.measured(from_us(*time), response.round_trip);
  reply.answer = {.status = response.status,
                  .position = read_position(reply.object),
                  .retry_after = retry_after(response),
                  .sentence = {}};
  if (const auto* wrong = reply.object.if_contains("error"); wrong != nullptr && wrong->is_object())
    reply.answer.sentence = text(wrong->get_object(), "message", kMaxSentence);
  return reply;
}

Result<Enrolled> ServerApi::enrol(const std::string& code, const SigningKey& key) {
  MJ_TRY(const Bytes signature, key.sign("mingjing agent enrolment\n" + code));
  const json::object body{
      {"code", code}, {"public_key", to_base64(key.public_key())}, {"signature", to_base64(signature)}};
  MJ_TRY(const Reply reply, ask("POST", "/api/v1/agents/enrol", json::serialize(body), kJson));
  const Enrolled enrolled{text(reply.object, "workstation", 48), text(reply.object, "agent", 64),
                          timekeeper_.now().offset};
  if (reply.answer.status == 200 && !enrolled.workstation.empty()) return enrolled;
  const bool denied = reply.answer.status == 403;
  return fail(denied ? ErrorKind::denied : ErrorKind::unavailable, "the server answers {} {}",
              reply.answer.status, reply.answer.sentence);
}

Result<Answer> ServerApi::sign_in(const std::string& workstation, const SigningKey& key) {
  token_.clear();
  screen_ = "/api/v1/screens/" + workstation;
  MJ_TRY(const Reply asked, ask("POST", "/api/v1/agents/challenge", "{}", kJson));
  if (asked.answer.status != 200) return asked.answer;
  const std::string challenge = text(asked.object, "challenge", 1024);
  MJ_TRY(const Bytes signature, key.sign("mingjing agent session\n" + workstation + "\n" + challenge));
  const json::object body{
      {"workstation", workstation}, {"challenge", challenge}, {"signature", to_base64(signature)}};
  MJ_TRY(const Reply opened, ask("POST", "/api/v1/agents/session", json::serialize(body), kJson));
  token_ = text(opened.object, "token", 512);
  Answer answer = opened.answer;
  if (answer.status == 200 && token_.empty()) answer.status = 502;
  return answer;
}

Result<Answer> ServerApi::position() {
  MJ_TRY(const Reply reply, ask("GET", screen_ + "/position", "", kJson));
  return reply.answer;
}

Result<Answer> ServerApi::send(uint64_t first_available, BytesView entries) {
  const std::string target = fmt::format("{}/entries?first_available={}", screen_, first_available);
  MJ_TRY(const Reply reply, ask("POST", target, std::string(as_text(entries)), kEntriesMediaType));
  return reply.answer;
}

}  // namespace mj::agent
