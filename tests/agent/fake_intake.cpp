#include "tests/agent/fake_intake.h"

#include <stdexcept>

namespace mj::test {

namespace {
constexpr auto kPatience = std::chrono::seconds(20);
}

FakeIntake::FakeIntake()
    : server_(std::make_unique<TlsServer>(pair_,
                                          [this](const ServedRequest& request) { return serve(request); })) {}

void FakeIntake::refuse_next(std::vector<Reply> replies) {
  const std::lock_guard lock(mutex_);
  refusals_ = std::move(replies);
}

void FakeIntake::want_key() {
  const std::lock_guard lock(mutex_);
  key_wanted_ = true;
}

void FakeIntake::set_clock(Duration ahead) {
  const std::lock_guard lock(mutex_);
  ahead_ = ahead;
}

std::vector<ReceivedShot> FakeIntake::wait_for_shots(std::size_t kept) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, kPatience, [&] { return shots_.size() >= kept; }))
    throw std::runtime_error("too few shots");
  return shots_;
}

void FakeIntake::wait_for_refusals(std::size_t refused) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, kPatience, [&] { return refused_ >= refused; }))
    throw std::runtime_error("too few tries");
}

std::string FakeIntake::complaints() {
  const std::lock_guard lock(mutex_);
  return complaints_;
}

Reply FakeIntake::serve(const ServedRequest& request) {
  const std::lock_guard lock(mutex_);
  if (request.method + " " + request.target != "POST /api/v1/screens/ws-w1/shots")
    complaints_ += request.target + "\n";
  if (request.authorization != std::string("Bearer ") + kToken) complaints_ += "authorization\n";
  if (request.content_type != "application/vnd.mingjing.shot") complaints_ += request.content_type + "\n";
  changed_.notify_all();
  if (!refusals_.empty()) {
    const Reply reply = refusals_.front();
    refusals_.erase(refusals_.begin());
    ++refused_;
    return reply;
  }
  shots_.push_back(read_shot(request.body));
  if (shots_.back().key()) key_wanted_ = false;
  boost::json::object body{{"server_time_us", to_us(SystemClock().now() + ahead_)}};
  if (key_wanted_) body["key_wanted"] = true;
  return answer(200, boost::json::serialize(body));
}

}  // namespace mj::test
