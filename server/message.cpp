#include "server/message.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <cassert>

namespace mj::server {
namespace {

constexpr std::chrono::seconds kComeBackAfter{5};

}  // namespace

const std::string& Request::param(std::string_view name) const {
  static const std::string kNone;
  const auto it = std::find_if(params.begin(), params.end(), [&](const auto& p) { return p.first == name; });
  assert(it != params.end());
  return it == params.end() ? kNone : it->second;
}

std::string Request::field(http::field name) const {
  const auto it = header.find(name);
  return it == header.end() ? std::string() : std::string(it->value());
}

uint64_t Response::body_bytes() const {
  if (const auto* stream = std::get_if<Stream>(&body)) return stream->bytes;
  if (const auto* text = std::get_if<std::string_view>(&body)) return text->size();
  return std::get<std::string>(body).size();
}

Response json_answer(const json::value& value, http::status status) {
  Response response;
  response.status = status;
  response.header.set(http::field::content_type, "application/json");
  response.body = json::serialize(value);
  return response;
}

Response binary_answer(std::string bytes, std::string_view content_type) {
  Response response;
  response.header.set(http::field::content_type, content_type);
  response.body = std::move(bytes);
  return response;
}

Response empty_answer(http::status status) {
  Response response;
  response.status = status;
  return response;
}

http::status status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid:
      return http::status::bad_request;
    case ErrorKind::not_found:
      return http::status::not_found;
    case ErrorKind::unavailable:
    case ErrorKind::cancelled:
      return http::status::service_unavailable;
    case ErrorKind::no_space:
      return http::status::insufficient_storage;
    case ErrorKind::denied:
      return http::status::forbidden;
    case ErrorKind::corrupt:
    case ErrorKind::internal:
      return http::status::internal_server_error;
  }
  return http::status::internal_server_error;
}

json::object error_object(const Error& error, const std::string& path) {
  json::object inner{{"kind", name(error.kind)}, {"message", error.message}};
  if (!path.empty()) inner["path"] = path;
  return {{"error", std::move(inner)}};
}

Response error_answer(http::status status, const Error& error, const std::string& path) {
  if (status == http::status::service_unavailable) {
    return retry_after(json_answer(error_object(error, path), status), kComeBackAfter);
  }
  if (status != http::status::internal_server_error) return json_answer(error_object(error, path), status);
  // What went wrong inside (paths, SQL) is for the log, not for whoever asked.
  spdlog::error("http: {}", error.message);
  return json_answer(error_object({error.kind, "the server failed; its log says why"}, path), status);
}

Response error_answer(const Error& error, const std::string& path) {
  return error_answer(status_of(error.kind), error, path);
}

Response refusal_answer(const Refusal& refusal) {
  return error_answer(refusal.error, refusal.path);
}

Response retry_after(Response response, std::chrono::seconds wait) {
  response.header.set(http::field::retry_after, std::to_string(wait.count()));
  return response;
}

}  // namespace mj::server
