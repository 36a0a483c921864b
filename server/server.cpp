#include "server/server.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "server/certificate.h"
#include "server/listener.h"
#include "server/services.h"
#include "server/tls.h"
#include "server/tuning.h"

namespace mj::server {
namespace {

constexpr int kWorkThreads = 2;
constexpr std::chrono::seconds kAfterAbort{2};

std::string url_of(const tcp::endpoint& endpoint, bool tls) {
  const auto address = endpoint.address();
  const std::string host = address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
  return fmt::format("{}://{}:{}", tls ? "https" : "http", host, endpoint.port());
}

}  // namespace

Services::Services(const Context& the_context, PasswordCost cost)
    : context(the_context),
      gate(context.index, context.reader, context.clock),
      sessions(context.index, context.clock, context.settings.server.tls),
      sign_in(context.index, sessions, context.clock, cost),
      agents(context.index, context.clock),
      work(kWorkThreads) {}

struct Server::Impl {
  Impl(Context the_context, const Tuning& tuning)
      : context(std::move(the_context)),
        deadlines(tuning.deadlines),
        services(context, tuning.password_cost) {}

  [[nodiscard]] Result<void> start();
  void stop();
  /// Serves until no connection is left.
  void drain(std::chrono::milliseconds longest);

  const Context context;
  const Deadlines deadlines;
  Services services;
  std::optional<asio::ssl::context> tls;
  asio::io_context net{1};
  asio::executor_work_guard<asio::io_context::executor_type> guard{net.get_executor()};
  std::optional<Listener> listener;
  bool listening = false;
};

Result<void> Server::Impl::start() {
  const config::Server& settings = context.settings.server;
  MJ_CHECK(services.sign_in.prepare());
  if (settings.tls) {
    MJ_TRY(const CertificateFiles files,
           certificate_files(settings, context.settings.data_directory, context.clock.now()));
    MJ_TRY(tls, make_tls(files));
  }
  listener.emplace(net, services, deadlines);
  MJ_CHECK(listener->open(settings.address, settings.port, tls ? &*tls : nullptr));
  asio::co_spawn(net, listener->accept(), asio::detached);
  listening = true;
  return {};
}

void Server::Impl::drain(std::chrono::milliseconds longest) {
  const auto until = std::chrono::steady_clock::now() + longest;
  while (listener->connections() > 0 && net.run_one_until(until) > 0) {
  }
}

void Server::Impl::stop() {
  if (std::exchange(listening, false)) {
    listener->close();
    drain(deadlines.drain);
    listener->abort();
    drain(kAfterAbort);
    if (listener->connections() > 0) spdlog::error("http: some requests did not end in time");
  }
  services.work.stop();
  net.poll();  // what was cancelled leaves its coroutine
}

Server::Server(Context context) : Server(std::move(context), Tuning{}) {}

Server::Server(Context context, const Tuning& tuning)
    : impl_(std::make_unique<Impl>(std::move(context), tuning)) {}

Server::~Server() {
  stop();
}

Result<void> Server::start() {
  return impl_->start();
}

void Server::serve_for(Duration duration) {
  impl_->net.run_for(duration);
}

void Server::stop() {
  impl_->stop();
}

void Server::run_in_background(std::function<void()> task) {
  asio::post(impl_->services.work.executor(), std::move(task));
}

std::string Server::url() const {
  if (!impl_->listener) return {};
  return url_of(impl_->listener->endpoint(), impl_->context.settings.server.tls);
}

std::string Server::first_sign_in_token() const {
  return impl_->services.sign_in.first_token();
}

}  // namespace mj::server
