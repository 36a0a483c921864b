#include "tests/support/camera_farm/server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

namespace mj::test::farm {
namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

Server::Server(Config& config, ServerOptions options) : config_(config), options_(options) {
  listen();
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  const auto tick_ns = static_cast<int64_t>(options_.tick_ms * 1e6);
  const timespec period{tick_ns / 1000000000, tick_ns % 1000000000};
  const itimerspec every{period, period};
  timerfd_settime(timer_, 0, &every, nullptr);
  watch(EPOLL_CTL_ADD, listener_, EPOLLIN);
  watch(EPOLL_CTL_ADD, timer_, EPOLLIN);
}

Server::~Server() {
  sessions_.clear();
  for (const int fd : {listener_, epoll_, timer_}) close(fd);
}

void Server::listen() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int one = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(options_.port));
  socklen_t size = sizeof address;
  if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) < 0 || ::listen(listener_, 1024) < 0)
    throw std::runtime_error(fmt::format("listen on port {}: {}", options_.port, std::strerror(errno)));
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
}

void Server::watch(int operation, int fd, uint32_t events) const {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  epoll_ctl(epoll_, operation, fd, &event);
}

void Server::accept() {
  for (int fd = -1; (fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
    const int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (config_.send_buffer != 0)
      setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &config_.send_buffer, sizeof config_.send_buffer);
    sessions_[fd] = std::make_unique<Session>(config_, fd);
    watch(EPOLL_CTL_ADD, fd, EPOLLIN);
  }
}

void Server::settle(Session& session, bool keep) {
  if (!keep) {
    sessions_.erase(session.fd());
    return;
  }
  if (session.wants_write() == session.registered_for_write) return;
  session.registered_for_write = session.wants_write();
  watch(EPOLL_CTL_MOD, session.fd(),
        session.registered_for_write ? uint32_t{EPOLLIN} | uint32_t{EPOLLOUT} : uint32_t{EPOLLIN});
}

void Server::serve(int fd, uint32_t events) {
  const auto found = sessions_.find(fd);
  if (found == sessions_.end()) return;
  Session& session = *found->second;
  bool keep = true;
  if ((events & EPOLLOUT) != 0) keep = session.on_writable();
  if (keep && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) keep = session.on_readable();
  settle(session, keep);
}

void Server::tick(int64_t now) {
  worst_late_ = std::max(worst_late_, now - last_tick_ - static_cast<int64_t>(options_.tick_ms * 1000));
  last_tick_ = now;
  for (auto it = sessions_.begin(); it != sessions_.end();) {
    Session& session = *it->second;
    ++it;
    settle(session, session.on_tick(now));
  }
}

void Server::reset_all() {
  for (const auto& [fd, session] : sessions_) session->reset_on_close();
  config_.totals.faults += sessions_.size();
  sessions_.clear();
  fmt::print(stderr, "reset us={}\n", wall_us());
}

void Server::print_stats(int64_t now) {
  next_stats_ = now + static_cast<int64_t>(options_.stats_s * 1e6);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const Totals& totals = config_.totals;
  fmt::print(
      stderr,
      "t={:.1f} playing={} frames={} dropped={} packets={} MB={:.1f} faults={} cpu={:.2f} late_ms={:.1f}\n",
      static_cast<double>(now - start_) / 1e6, totals.playing, totals.frames, totals.frames_dropped,
      totals.packets, static_cast<double>(totals.bytes) / 1e6, totals.faults,
      seconds(usage.ru_utime) + seconds(usage.ru_stime), static_cast<double>(worst_late_) / 1e3);
  worst_late_ = 0;
}

void Server::run(const std::atomic<bool>& stop, std::atomic<bool>& reset) {
  std::vector<epoll_event> events(512);
  start_ = last_tick_ = now_us();
  next_stats_ = start_;
  while (!stop) {
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 1000);
    bool due = false;
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<size_t>(i)];
      uint64_t expirations = 0;
      if (event.data.fd == listener_) {
        accept();
      } else if (event.data.fd != timer_) {
        serve(event.data.fd, event.events);
      } else if (read(timer_, &expirations, sizeof expirations) > 0) {
        due = true;
      }
    }
    const int64_t now = now_us();
    if (reset.exchange(false)) reset_all();
    if (due) tick(now);
    if (options_.stats_s > 0 && now >= next_stats_) print_stats(now);
    if (options_.run_s > 0 && now - start_ > static_cast<int64_t>(options_.run_s * 1e6)) return;
  }
}

}  // namespace mj::test::farm
