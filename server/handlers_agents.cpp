#include "server/digests.h"
#include "server/entry_parser.h"
#include "server/handlers.h"
#include "server/services.h"

// Agents of workstations: how they become known, and what they bring.
namespace mj::server {
namespace {

constexpr std::size_t kCodeBytes = 128;
constexpr std::size_t kChallengeBytes = 256;
constexpr std::size_t kBase64Bytes = 128;
constexpr std::size_t kIdBytes = 48;

json::object now_object(const Services& services) {
  return {{"server_time_us", to_us(services.context.clock.now())}};
}

/// An error that tells the time too: an agent measures its clock by every answer.
Response refused(const Services& services, http::status status, const Error& error, const std::string& path,
                 json::object also = {}) {
  if (status == http::status::internal_server_error) return error_answer(error, path);
  json::object body = error_object(error, path);
  for (const auto& field : also) body[field.key()] = field.value();
  body["server_time_us"] = to_us(services.context.clock.now());
  return json_answer(std::move(body), status);
}

std::chrono::seconds whole_seconds(Duration wait) {
  return std::max(std::chrono::ceil<std::chrono::seconds>(wait), std::chrono::seconds(1));
}

/// Reads base64 into `out`; fails the field where it is none.
Bytes binary(Fields& fields, std::string_view name) {
  const std::string text = fields.text(name, kBase64Bytes);
  auto bytes = from_base64(text);
  if (!bytes && !text.empty()) fields.fail(name, "must be base64");
  return bytes.value_or(Bytes{});
}

json::object position_object(const capture::ScreenPosition& position, uint64_t durable) {
  return {{"next", position.next}, {"durable", durable}, {"key_wanted", position.key_wanted}};
}

struct Uploaded {
  capture::Accepted accepted;
  std::optional<Refusal> malformed;  ///< behind what was accepted
  uint64_t durable = 0;
};

StreamKey screen_of(const Request& request) {
  return request.who.id + ".screen";
}

Result<Uploaded> take_entries(const Request& request, const Services& services,
                              std::optional<uint64_t> first_available) {
  const index::Agents agents(services.context.index);
  const StreamKey stream = screen_of(request);
  MJ_TRY(const auto known, agents.known(stream, request.who.agent));
  ParsedEntries parsed = parse_entries(request.body);
  Uploaded out;
  out.accepted = services.context.capture.accept_entries(
      {request.who.id, request.who.agent, std::move(parsed.entries), first_available}, known);
  if (!out.accepted.refusal) out.malformed = std::move(parsed.problem);
  MJ_TRY(const auto now_known, agents.known(stream, request.who.agent));
  out.durable = now_known.durable;
  return out;
}

Response upload_refused(const Uploaded& uploaded, const Services& services) {
  const capture::Accepted& accepted = uploaded.accepted;
  const Error& error = *accepted.refusal;
  json::object position = position_object(accepted.position, uploaded.durable);
  http::status status = status_of(error.kind);
  if (error.kind == ErrorKind::no_space) status = http::status::too_many_requests;
  if (accepted.conflict) status = http::status::conflict;
  const std::string path = fmt::format("entries[{}]", accepted.at);
  Response response = refused(services, status, error, path, std::move(position));
  return accepted.wait > Duration(0) ? retry_after(std::move(response), whole_seconds(accepted.wait))
                                     : response;
}

Result<std::optional<uint64_t>> first_available_of(const Request& request) {
  MJ_CHECK(allow_query(request.target, {"first_available"}));
  const std::string* text = request.target.find("first_available");
  if (text == nullptr) return std::nullopt;
  MJ_TRY(const int64_t number, parse_integer(*text, "first_available"));
  if (number < 1 || number > int64_t{1} << 62)
    return fail(ErrorKind::invalid, "first_available must be 1 or more");
  return static_cast<uint64_t>(number);
}

}  // namespace

asio::awaitable<Response> post_agent_enrol(Request& request, Services& services) {
  auto object = parse_json_object(as_text(request.body));
  if (!object) co_return refusal_answer(object.error());
  Fields fields(*object, "$");
  const std::string code = fields.text("code", kCodeBytes);
  const Bytes key = binary(fields, "public_key");
  const Bytes signature = binary(fields, "signature");
  if (auto done = fields.finish(); !done) co_return refusal_answer(done.error());
  const std::string origin = request.peer.to_string();
  auto agent = co_await run_on(services.work.one_at_a_time(),
                               [&] { return services.agents.enrol(code, key, signature, origin); });
  if (!agent) {
    const auto& refusal = agent.error();
    const http::status status =
        refusal.wait.count() > 0 ? http::status::too_many_requests : status_of(refusal.error.kind);
    Response response = refused(services, status, refusal.error, "");
    co_return refusal.wait.count() > 0 ? retry_after(std::move(response), refusal.wait) : response;
  }
  json::object body = now_object(services);
  body["workstation"] = agent->workstation;
  body["agent"] = agent->id;
  co_return json_answer(std::move(body));
}

asio::awaitable<Response> post_agent_challenge(Request& request, Services& services) {
  auto object = parse_json_object(as_text(request.body));
  if (!object) co_return refusal_answer(object.error());
  if (auto done = Fields(*object, "$").finish(); !done) co_return refusal_answer(done.error());
  json::object body = now_object(services);
  body["challenge"] = services.agents.challenge();
  co_return json_answer(std::move(body));
}

asio::awaitable<Response> post_agent_session(Request& request, Services& services) {
  auto object = parse_json_object(as_text(request.body));
  if (!object) co_return refusal_answer(object.error());
  Fields fields(*object, "$");
  const std::string workstation = fields.text("workstation", kIdBytes);
  const std::string challenge = fields.text("challenge", kChallengeBytes);
  const Bytes signature = binary(fields, "signature");
  if (auto done = fields.finish(); !done) co_return refusal_answer(done.error());
  auto session = co_await on_work(
      services.work, [&] { return services.agents.open_session(workstation, challenge, signature); });
  if (!session) co_return refused(services, status_of(session.error().kind), session.error(), "");
  json::object body = now_object(services);
  body["token"] = session->token;
  body["expires_us"] = to_us(session->expires);
  co_return json_answer(std::move(body));
}

asio::awaitable<Response> get_screen_position(Request& request, Services& services) {
  if (auto query = allow_query(request.target, {}); !query) co_return error_answer(query.error());
  auto position = co_await on_work(services.work, [&]() -> Result<json::object> {
    MJ_TRY(const auto known,
           index::Agents(services.context.index).known(screen_of(request), request.who.agent));
    MJ_TRY(const auto at, services.context.capture.position(request.who.id, request.who.agent, known));
    return position_object(at, known.durable);
  });
  if (!position) co_return refused(services, status_of(position.error().kind), position.error(), "");
  (*position)["server_time_us"] = to_us(services.context.clock.now());
  co_return json_answer(std::move(*position));
}

asio::awaitable<Response> post_entries(Request& request, Services& services) {
  const auto first_available = first_available_of(request);
  if (!first_available) co_return error_answer(first_available.error());
  auto uploaded =
      co_await on_work(services.work, [&] { return take_entries(request, services, *first_available); });
  if (!uploaded) co_return refused(services, status_of(uploaded.error().kind), uploaded.error(), "");
  if (uploaded->accepted.refusal) co_return upload_refused(*uploaded, services);
  json::object body = position_object(uploaded->accepted.position, uploaded->durable);
  if (uploaded->malformed) {
    co_return refused(services, http::status::bad_request, uploaded->malformed->error,
                      uploaded->malformed->path, std::move(body));
  }
  body["server_time_us"] = to_us(services.context.clock.now());
  co_return json_answer(std::move(body));
}

}  // namespace mj::server
