#include "server/feeds/post_client.h"

#include <openssl/ssl.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl.hpp>

#include "server/net.h"
#include "server/strict_json.h"

namespace mj::server {
namespace {

constexpr std::chrono::seconds kPatience{30};
using Answer = http::response<http::string_body>;

/// Where this machine reaches a server that listens there.
std::string reachable(const std::string& address) {
  if (address == "0.0.0.0") return "127.0.0.1";
  return address == "::" ? "::1" : address;
}

/// The server's own certificate is the only authority; what name stands in it does not matter then.
Result<asio::ssl::context> trusting(const std::filesystem::path& certificate) {
  asio::ssl::context context(asio::ssl::context::tls_client);
  boost::system::error_code ec;
  context.load_verify_file(certificate.string(), ec);
  if (ec) return fail(ErrorKind::invalid, "certificate {}: {}", certificate.string(), ec.message());
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context.native_handle()), X509_V_FLAG_PARTIAL_CHAIN);
  context.set_verify_mode(asio::ssl::verify_peer);
  return context;
}

template <class Stream>
asio::awaitable<Answer> exchange(Stream& stream, http::request<http::string_body>& request) {
  beast::flat_buffer buffer;
  Answer answer;
  co_await http::async_write(stream, request, asio::use_awaitable);
  co_await http::async_read(stream, buffer, answer, asio::use_awaitable);
  co_return answer;
}

asio::awaitable<Answer> ask(tcp::endpoint server, asio::ssl::context* tls,
                            http::request<http::string_body> request) {
  auto executor = co_await asio::this_coro::executor;
  beast::tcp_stream plain(executor);
  plain.expires_after(kPatience);
  co_await plain.async_connect(server, asio::use_awaitable);
  if (tls == nullptr) co_return co_await exchange(plain, request);
  beast::ssl_stream<beast::tcp_stream> stream(std::move(plain), *tls);
  co_await stream.async_handshake(asio::ssl::stream_base::client, asio::use_awaitable);
  co_return co_await exchange(stream, request);
}

/// The answer, or why there is none.
Result<Answer> wait_for(const tcp::endpoint& server, asio::ssl::context* tls,
                        http::request<http::string_body> request) {
  asio::io_context context;
  std::optional<Answer> answer;
  std::string problem;
  asio::co_spawn(context, ask(server, tls, std::move(request)),
                 [&](const std::exception_ptr& thrown, Answer got) {
                   try {
                     if (thrown) std::rethrow_exception(thrown);
                     answer = std::move(got);
                   } catch (const std::exception& error) {
                     problem = error.what();
                   }
                 });
  context.run();
  if (answer) return std::move(*answer);
  return fail(ErrorKind::unavailable, "mingjingd at {}:{}: {}", server.address().to_string(), server.port(),
              problem);
}

ErrorKind kind_of(http::status status) {
  if (status == http::status::insufficient_storage) return ErrorKind::no_space;
  if (status == http::status::unauthorized || status == http::status::forbidden) return ErrorKind::denied;
  return status == http::status::bad_request ? ErrorKind::invalid : ErrorKind::unavailable;
}

Result<index::Ingested> ingested_of(const Answer& answer) {
  if (kind_of(answer.result()) == ErrorKind::denied) {
    return fail(ErrorKind::denied,
                "mingjingd does not know this feed by its token; it runs with other settings: restart it");
  }
  auto body = parse_json_object(answer.body());
  if (answer.result() != http::status::ok || !body) {
    return fail(kind_of(answer.result()), "mingjingd answers {}: {}", answer.result_int(),
                answer.body().substr(0, 300));
  }
  index::Ingested ingested;
  ingested.accepted = static_cast<int>(body->at("accepted").to_number<int64_t>());
  ingested.duplicates = static_cast<int>(body->at("duplicates").to_number<int64_t>());
  for (const auto& [key, count] :
       {std::pair("replaced", &ingested.replaced), std::pair("different", &ingested.different)}) {
    if (const auto* told = body->if_contains(key)) *count = static_cast<int>(told->to_number<int64_t>());
  }
  for (const auto& refused : body->at("refused").as_array()) {
    ingested.refused.push_back({static_cast<size_t>(refused.at("line").to_number<int64_t>() - 1),
                                std::string(refused.at("message").as_string())});
  }
  return ingested;
}

}  // namespace

PostClient::PostClient(const config::Settings& settings, const config::Feed& feed)
    : host_(reachable(settings.server.address)),
      port_(settings.server.port),
      tls_(settings.server.tls),
      certificate_(settings.server.certificate.empty() ? settings.data_directory / "server.crt"
                                                       : settings.server.certificate),
      token_(feed.token) {}

Result<index::Ingested> PostClient::post(const std::vector<index::Event>& events) const {
  http::request<http::string_body> request(http::verb::post, "/api/v1/events?again=replaces", 11);
  request.set(http::field::host, host_);
  request.set(http::field::authorization, "Bearer " + token_.reveal());
  request.set(http::field::content_type, "application/x-ndjson");
  for (const auto& event : events) request.body() += event.raw + "\n";
  request.prepare_payload();
  try {
    const tcp::endpoint server(asio::ip::make_address(host_), port_);
    if (!tls_) {
      MJ_TRY(const Answer answer, wait_for(server, nullptr, std::move(request)));
      return ingested_of(answer);
    }
    MJ_TRY(auto context, trusting(certificate_));
    MJ_TRY(const Answer answer, wait_for(server, &context, std::move(request)));
    return ingested_of(answer);
  } catch (const std::exception& problem) {
    return fail(ErrorKind::unavailable, "mingjingd cannot be asked: {}", problem.what());
  }
}

}  // namespace mj::server
