#include "capture/rtsp/udp_flow.h"

#include <sys/socket.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "capture/rtsp/rtp.h"

namespace mj::capture::rtsp {
namespace {

using asio::ip::udp;

constexpr int kMostBindAttempts = 32;
constexpr int kReceiveBuffer =
    2 * 1024 * 1024;  // half a second of a 32 Mbit/s camera; the system may allow less
constexpr std::size_t kBatch = 4;
constexpr std::size_t kSlotBytes = 65536;  // the largest datagram; some cameras send 10 kB
static_assert(kBatch * kSlotBytes <= Scratch::kBytes);

}  // namespace

Result<std::shared_ptr<UdpFlow>> UdpFlow::open(Executor executor, bool v6) {
  const asio::ip::address any =
      v6 ? asio::ip::address(asio::ip::address_v6::any()) : asio::ip::address(asio::ip::address_v4::any());
  for (int attempt = 0; attempt < kMostBindAttempts; ++attempt) {
    auto flow = std::make_shared<UdpFlow>(executor);
    if (flow->bind_pair(any)) return flow;
  }
  return fail(ErrorKind::unavailable, "no pair of UDP ports is free");
}

bool UdpFlow::bind_pair(const asio::ip::address& any) {
  const udp protocol = any.is_v6() ? udp::v6() : udp::v4();
  ErrorCode error;
  media_.open(protocol, error);
  if (!error) media_.bind({any, 0}, error);
  if (error) return false;
  port_ = media_.local_endpoint(error).port();
  if (error || port_ % 2 != 0 || port_ == 0) return false;
  control_.open(protocol, error);
  if (!error) control_.bind({any, static_cast<uint16_t>(port_ + 1)}, error);
  if (error) return false;
  ErrorCode ignored;
  media_.set_option(asio::socket_base::receive_buffer_size(kReceiveBuffer), ignored);
  return true;
}

void UdpFlow::aim(const asio::ip::address& peer, uint16_t media_port, uint16_t control_port) {
  ErrorCode ignored;
  if (media_port != 0) {
    media_.connect({peer, media_port}, ignored);
    constexpr std::array<uint8_t, 12> kEmptyRtp{0x80, 0x7F};  // opens the way back through a NAT
    media_.send(asio::buffer(kEmptyRtp), 0, ignored);
  }
  control_peer_ = {peer, control_port};
  if (control_port != 0) control_.connect(control_peer_, ignored);
}

void UdpFlow::start(std::size_t track, Listener& listener, Scratch& scratch, const Clock& clock) {
  track_ = track;
  listener_ = &listener;
  scratch_ = &scratch;
  clock_ = &clock;
  asio::co_spawn(media_.get_executor(), read_loop(media_, false, shared_from_this()), asio::detached);
  asio::co_spawn(control_.get_executor(), read_loop(control_, true, shared_from_this()), asio::detached);
}

void UdpFlow::send_control(BytesView payload) {
  ErrorCode ignored;
  if (control_peer_.port() != 0)
    control_.send(asio::buffer(payload.data(), payload.size()), MSG_DONTWAIT, ignored);
}

void UdpFlow::close() {
  listener_ = nullptr;
  ErrorCode ignored;
  media_.close(ignored);
  control_.close(ignored);
}

Task<> UdpFlow::read_loop(UdpSocket& socket, bool control, std::shared_ptr<UdpFlow> self) {
  while (self->listener_ != nullptr) {
    const auto [error] = co_await socket.async_wait(UdpSocket::wait_read, kAwait);
    if (error || self->listener_ == nullptr) co_return;
    if (!drain(socket, control)) co_return;
  }
}

bool UdpFlow::drain(UdpSocket& socket, bool control) {
  std::array<mmsghdr, kBatch> messages{};
  std::array<iovec, kBatch> slots{};
  std::array<sockaddr_storage, kBatch> from{};
  for (std::size_t i = 0; i < kBatch; ++i) {
    slots[i] = {scratch_->bytes.data() + i * kSlotBytes, kSlotBytes};
    messages[i].msg_hdr.msg_iov = &slots[i];
    messages[i].msg_hdr.msg_iovlen = 1;
    messages[i].msg_hdr.msg_name = &from[i];
    messages[i].msg_hdr.msg_namelen = sizeof from[i];
  }
  const int got = ::recvmmsg(socket.native_handle(), messages.data(), kBatch, MSG_DONTWAIT, nullptr);
  if (got < 0) return errno == EAGAIN || errno == EINTR || errno == ECONNREFUSED;
  const SteadyTime now = clock_->steady_now();
  for (std::size_t i = 0; i < static_cast<std::size_t>(got) && listener_ != nullptr; ++i) {
    udp::endpoint sender;
    sender.resize(std::min<std::size_t>(messages[i].msg_hdr.msg_namelen, sender.capacity()));
    std::memcpy(sender.data(), &from[i], sender.size());
    const bool stranger = sender.address() != control_peer_.address();
    if (!stranger)
      hand_on(control, BytesView(scratch_->bytes).subspan(i * kSlotBytes, messages[i].msg_len), now);
  }
  return true;
}

void UdpFlow::hand_on(bool control, BytesView datagram, SteadyTime now) {
  if (control) return listener_->on_datagram(track_, true, datagram, now);
  const auto packet = parse_rtp(datagram);
  if (!packet) return;
  reorder_.push(packet->sequence, datagram, [&](BytesView due) {
    if (listener_ != nullptr) listener_->on_datagram(track_, false, due, now);
  });
}

}  // namespace mj::capture::rtsp
