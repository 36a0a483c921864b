#include "tests/support/fake_camera.h"

#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <deque>

namespace mj::test {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

namespace {

bool same_letters(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

}  // namespace

std::string CameraRequest::header(std::string_view name) const {
  std::size_t at = text.find("\r\n");
  while (at != std::string::npos && at + 2 < text.size()) {
    const std::size_t end = text.find("\r\n", at + 2);
    const std::string_view line = std::string_view(text).substr(at + 2, end - at - 2);
    const auto colon = line.find(": ");
    if (colon != std::string_view::npos && same_letters(line.substr(0, colon), name)) {
      return std::string(line.substr(colon + 2));
    }
    at = end;
  }
  return {};
}

void FakeCamera::Peer::reply(const CameraRequest& request, std::string_view status, std::string_view headers,
                             std::string_view body) {
  std::string text = fmt::format("RTSP/1.0 {}\r\nCSeq: {}\r\n{}", status, request.header("CSeq"), headers);
  if (!body.empty()) text += fmt::format("Content-Length: {}\r\n", body.size());
  send(text + "\r\n" + std::string(body));
}

void FakeCamera::Peer::send_frame(uint8_t channel, const Bytes& payload) {
  Bytes frame{'$', channel, static_cast<uint8_t>(payload.size() >> 8), static_cast<uint8_t>(payload.size())};
  frame.insert(frame.end(), payload.begin(), payload.end());
  send(std::move(frame));
}

/// A connection: reads requests, writes what scripts want in order.
class FakeCamera::Link final : public Peer {
 public:
  Link(FakeCamera& camera, tcp::socket socket, int number)
      : camera_(camera), socket_(std::move(socket)), timer_(socket_.get_executor()), number_(number) {}

  void begin() {
    CameraRequest connect;
    connect.method = "CONNECT";
    connect.connection = number_;
    if (camera_.scripts_.contains("CONNECT")) camera_.handle(*this, connect);
    read();
  }
  void send(Bytes bytes) override {
    unsent_.push_back(std::move(bytes));
    if (unsent_.size() == 1) write();
  }
  void every(Duration interval, std::function<void()> again) override {
    timer_.expires_after(interval);
    timer_.async_wait([self = link(), interval, again = std::move(again)](error_code error) {
      if (error || !self->socket_.is_open()) return;
      again();
      self->every(interval, again);
    });
  }
  void flood(Bytes bytes) override {
    flood_ = std::move(bytes);
    if (unsent_.empty()) send(flood_);
  }
  void close() override {
    error_code ignored;
    timer_.cancel();
    socket_.shutdown(tcp::socket::shutdown_both, ignored);
    socket_.close(ignored);
  }
  [[nodiscard]] int number() const override { return number_; }
  void reset() override {
    error_code ignored;
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    timer_.cancel();
    socket_.close(ignored);
  }

 private:
  std::shared_ptr<Link> link() { return std::static_pointer_cast<Link>(shared_from_this()); }

  void read() {
    socket_.async_read_some(asio::buffer(in_), [self = link()](error_code error, std::size_t got) {
      if (error) return;
      self->text_.append(self->in_.data(), got);
      self->take_requests();
      self->read();
    });
  }
  void take_requests() {
    while (true) {
      while (text_.size() >= 4 && text_[0] == '$') {  // receiver reports
        const std::size_t size = 4 + (static_cast<uint8_t>(text_[2]) << 8 | static_cast<uint8_t>(text_[3]));
        if (text_.size() < size) return;
        text_.erase(0, size);
        camera_.note({"RTCP", "", "", number_});
      }
      const auto end = text_.find("\r\n\r\n");
      if (end == std::string::npos) return;
      CameraRequest request;
      request.text = text_.substr(0, end + 2);
      request.method = request.text.substr(0, request.text.find(' '));
      const auto url = request.method.size() + 1;
      request.url = request.text.substr(url, request.text.find(' ', url) - url);
      request.connection = number_;
      text_.erase(0, end + 4);
      camera_.note(request);
      if (!request.method.starts_with("RTSP/")) camera_.handle(*this, request);
    }
  }
  void write() {
    asio::async_write(socket_, asio::buffer(unsent_.front()), [self = link()](error_code error, std::size_t) {
      if (error) return;
      self->unsent_.pop_front();
      if (self->unsent_.empty() && !self->flood_.empty()) self->unsent_.push_back(self->flood_);
      if (!self->unsent_.empty()) self->write();
    });
  }

  FakeCamera& camera_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  const int number_;
  std::array<char, 4096> in_{};
  std::string text_;
  std::deque<Bytes> unsent_;
  Bytes flood_;
};

FakeCamera::FakeCamera()
    : acceptor_(context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
      datagrams_(context_, asio::ip::udp::endpoint(asio::ip::address_v4::loopback(), 0)) {
  port_ = acceptor_.local_endpoint().port();
}

FakeCamera::~FakeCamera() {
  stop();
}

void FakeCamera::start() {
  accept();
  thread_ = std::thread([this] { context_.run(); });
}

void FakeCamera::stop() {
  if (!thread_.joinable()) return;
  asio::post(context_, [this] {
    error_code ignored;
    acceptor_.close(ignored);
    for (const auto& weak : links_) {
      if (const auto link = weak.lock()) link->close();
    }
  });
  thread_.join();
}

void FakeCamera::describe_as(std::string text) {
  asio::post(context_, [this, text = std::move(text)] { sdp = text; });
}

void FakeCamera::drop_all() {
  asio::post(context_, [this] {
    for (const auto& weak : std::exchange(links_, {})) {
      if (const auto link = weak.lock()) link->close();
    }
  });
}

void FakeCamera::push(std::vector<std::pair<uint8_t, Bytes>> packets) {
  asio::post(context_, [this, packets = std::move(packets)] {
    if (const auto peer = playing_.lock()) send_packets(*peer, packets);
  });
}

void FakeCamera::accept() {
  acceptor_.async_accept([this](error_code error, tcp::socket socket) {
    if (error) return;
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    const auto link = std::make_shared<Link>(*this, std::move(socket), ++connections_);
    links_.push_back(link);
    link->begin();
    accept();
  });
}

std::string FakeCamera::url(std::string_view path) const {
  return fmt::format("rtsp://127.0.0.1:{}{}", port_, path);
}

void FakeCamera::note(CameraRequest request) {
  std::lock_guard lock(mutex_);
  if (request.method.starts_with("RTSP/")) {
    ++answers_;
    answered_.notify_all();
  } else {
    requests_.push_back(std::move(request));
  }
}

bool FakeCamera::all_read() {
  const int number = ++questions_;
  asio::post(context_, [this, number] {
    if (const auto peer = playing_.lock())
      peer->send(fmt::format("OPTIONS * RTSP/1.0\r\nCSeq: {}\r\n\r\n", number));
  });
  std::unique_lock lock(mutex_);
  return answered_.wait_for(lock, std::chrono::seconds(20), [&] { return answers_ >= number; });
}

std::vector<CameraRequest> FakeCamera::requests() const {
  std::lock_guard lock(mutex_);
  return requests_;
}

int FakeCamera::count(std::string_view method) const {
  int found = 0;
  for (const auto& request : requests()) found += request.method == method ? 1 : 0;
  return found;
}

void FakeCamera::handle(Peer& peer, const CameraRequest& request) {
  const auto script = scripts_.find(request.method);
  if (script != scripts_.end()) return script->second(peer, request);
  usual(peer, request);
}

void FakeCamera::usual(Peer& peer, const CameraRequest& request) {
  if (request.method == "OPTIONS") {
    peer.reply(request, "200 OK", "Public: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN\r\n");
  } else if (request.method == "DESCRIBE") {
    peer.reply(request, "200 OK", describe_headers, sdp);
  } else if (request.method == "SETUP") {
    usual_setup(peer, request);
  } else if (request.method == "PLAY") {
    peer.reply(request, "200 OK", "Session: " + session + "\r\n");
    adopt(peer);
    send_packets(peer, media);
  } else if (request.method != "CONNECT") {
    peer.reply(request, "200 OK", "Session: " + session + "\r\n");
  }
}

void FakeCamera::usual_setup(Peer& peer, const CameraRequest& request) {
  const std::string transport = request.header("Transport");
  const bool over_tcp = transport.find("/TCP") != std::string::npos;
  if (over_tcp ? !allow_tcp : !allow_udp) return peer.reply(request, "461 Unsupported Transport");
  std::string answer = transport;
  if (!over_tcp) {
    const auto port = transport.find("client_port=") + 12;
    udp_ports_.emplace_back(request.connection, static_cast<uint16_t>(std::stoi(transport.substr(port))));
    answer += ";server_port=0-0";
  }
  peer.reply(request, "200 OK", "Session: " + session + "\r\nTransport: " + answer + "\r\n");
}

void FakeCamera::send_packets(Peer& peer, const std::vector<std::pair<uint8_t, Bytes>>& packets) {
  std::vector<uint16_t> ports;
  for (const auto& [connection, port] : udp_ports_) {
    if (connection == peer.number()) ports.push_back(port);
  }
  for (const auto& [channel, packet] : packets) {
    if (ports.empty()) {
      peer.send_frame(channel, packet);
    } else if (channel / 2U < ports.size()) {
      error_code ignored;
      const auto port = static_cast<uint16_t>(ports[channel / 2U] + channel % 2U);
      datagrams_.send_to(asio::buffer(packet), {asio::ip::address_v4::loopback(), port}, 0, ignored);
    }
  }
}

}  // namespace mj::test
