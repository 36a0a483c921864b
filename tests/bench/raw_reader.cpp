// The physical limit: N RTSP sessions over interleaved TCP in one thread; every read goes to a file as it is.
// raw_reader N URL-PREFIX FOLDER          (camera i is URL-PREFIX/camNNNN; runs until SIGTERM)
#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

std::atomic<bool> stop_asked = false;

/// Sends a request and reads its reply byte by byte, because media follows on the same socket.
std::string ask(int fd, const std::string& request) {
  if (send(fd, request.data(), request.size(), 0) < 0) throw std::runtime_error("send failed");
  std::string reply;
  char byte = 0;
  while (reply.find("\r\n\r\n") == std::string::npos) {
    if (recv(fd, &byte, 1, 0) <= 0) throw std::runtime_error("the camera closed the connection");
    reply += byte;
  }
  const size_t length = reply.find("Content-Length: ");
  if (length == std::string::npos) return reply;
  std::string body(static_cast<size_t>(std::atoi(reply.c_str() + length + 16)), '\0');
  if (recv(fd, body.data(), body.size(), MSG_WAITALL) < 0) throw std::runtime_error("no body");
  return reply + body;
}

int play(const sockaddr_in& farm, const std::string& url) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&farm), sizeof farm) < 0)
    throw std::runtime_error("connect failed");
  ask(fd, "DESCRIBE " + url + " RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n");
  const std::string reply = ask(fd, "SETUP " + url +
                                        "/trackID=0 RTSP/1.0\r\nCSeq: 2\r\nTransport: "
                                        "RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n");
  const size_t session = reply.find("Session: ");
  if (session == std::string::npos) throw std::runtime_error("no session: " + reply);
  ask(fd, "PLAY " + url + " RTSP/1.0\r\nCSeq: 3\r\nSession: " + reply.substr(session + 9, 16) + "\r\n\r\n");
  fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}

int run(int cameras, const std::string& prefix, const std::string& folder) {
  sockaddr_in farm{};
  farm.sin_family = AF_INET;
  farm.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  farm.sin_port = htons(static_cast<uint16_t>(std::atoi(prefix.c_str() + prefix.find(':', 7) + 1)));
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  std::vector<int> files(static_cast<size_t>(cameras)), sockets(files.size());
  for (size_t i = 0; i < files.size(); ++i) {
    sockets[i] = play(farm, fmt::format("{}/cam{:04}", prefix, i));
    files[i] = open(fmt::format("{}/cam{:04}.rtp", folder, i).c_str(),
                    O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    epoll_ctl(epoll, EPOLL_CTL_ADD, sockets[i], &event);
  }
  static uint8_t buffer[64 << 10];
  std::vector<epoll_event> events(512);
  while (!stop_asked) {
    const int count = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 500);
    for (int j = 0; j < count; ++j) {
      const size_t i = events[static_cast<size_t>(j)].data.u64;
      const ssize_t got = read(sockets[i], buffer, sizeof buffer);
      if (got > 0 && write(files[i], buffer, static_cast<size_t>(got)) != got)
        throw std::runtime_error("write failed");
      if (got == 0) throw std::runtime_error("a camera closed the connection");
    }
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "usage: raw_reader N URL-PREFIX FOLDER\n");
    return 2;
  }
  struct sigaction action {};
  action.sa_handler = [](int) { stop_asked = true; };
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  try {
    return run(std::atoi(argv[1]), argv[2], argv[3]);
  } catch (const std::exception& error) {
    fmt::print(stderr, "raw_reader: {}\n", error.what());
    return 1;
  }
}
