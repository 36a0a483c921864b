#include "tests/agent/fake_intake.h"

#include <openssl/evp.h>

#include <stdexcept>

namespace mj::test {

namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr auto kPatience = 20s;

Bytes from_base64(const std::string& text) {
  Bytes bytes(text.size());
  const int size = EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0) throw std::runtime_error("no base64");
  const auto padding = static_cast<std::size_t>(std::count(text.begin(), text.end(), '='));
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

std::string text(const json::object& object, const char* name) {
  return std::string(object.at(name).as_string());
}

}  // namespace

FakeIntake::FakeIntake()
    : server_(std::make_unique<TlsServer>(pair_,
                                          [this](const ServedRequest& request) { return serve(request); })) {}

void FakeIntake::know(BytesView public_key) {
  const std::lock_guard lock(mutex_);
  public_key_.assign(public_key.begin(), public_key.end());
}

void FakeIntake::revoke() {
  const std::lock_guard lock(mutex_);
  revoked_ = true;
  ++session_;
}

void FakeIntake::end_sessions() {
  const std::lock_guard lock(mutex_);
  ++session_;
}

void FakeIntake::refuse_next(std::vector<Reply> replies) {
  const std::lock_guard lock(mutex_);
  refusals_ = std::move(replies);
}

void FakeIntake::lose_answers(int answers) {
  const std::lock_guard lock(mutex_);
  lost_answers_ = answers;
}

void FakeIntake::dislike(uint64_t number) {
  const std::lock_guard lock(mutex_);
  disliked_ = number;
}

void FakeIntake::restart(uint64_t durable) {
  const std::lock_guard lock(mutex_);
  taken_.erase(taken_.upper_bound(durable), taken_.end());
  next_ = durable + 1;
  key_wanted_ = true;
  hold_durable_ = UINT64_MAX;
  ++session_;
}

void FakeIntake::hold_durable(uint64_t durable) {
  const std::lock_guard lock(mutex_);
  hold_durable_ = durable;
}

void FakeIntake::set_clock(Duration ahead) {
  const std::lock_guard lock(mutex_);
  ahead_ = ahead;
}

std::vector<ReceivedEntry> FakeIntake::wait_until(
    const std::function<bool(const std::vector<ReceivedEntry>&)>& true_now) {
  std::unique_lock lock(mutex_);
  std::vector<ReceivedEntry> entries;
  const auto now = [&] {
    entries.clear();
    for (const auto& [number, entry] : taken_) entries.push_back(entry);
    return true_now(entries);
  };
  if (!changed_.wait_for(lock, kPatience, now)) throw std::runtime_error("what was waited for did not come");
  return entries;
}

std::vector<ReceivedEntry> FakeIntake::wait_for_entries(std::size_t taken) {
  return wait_until([&](const auto& entries) { return entries.size() >= taken; });
}

std::vector<ReceivedEntry> FakeIntake::wait_for_number(uint64_t number) {
  return wait_until([&](const auto& entries) { return !entries.empty() && entries.back().number >= number; });
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

std::vector<uint64_t> FakeIntake::missing() {
  const std::lock_guard lock(mutex_);
  return missing_;
}

std::vector<uint64_t> FakeIntake::references() {
  const std::lock_guard lock(mutex_);
  return references_;
}

std::size_t FakeIntake::posts() {
  const std::lock_guard lock(mutex_);
  return posts_;
}

std::size_t FakeIntake::most_bytes() {
  const std::lock_guard lock(mutex_);
  return most_bytes_;
}

Reply FakeIntake::timed(int status, json::object body, const std::string& error) {
  body["server_time_us"] = to_us(SystemClock().now() + ahead_);
  if (!error.empty()) body["error"] = json::object{{"kind", "denied"}, {"message", error}};
  return answer(status, json::serialize(body));
}

Reply FakeIntake::position_answer(int status, const std::string& error) {
  const uint64_t durable = std::min(next_ - 1, hold_durable_);
  return timed(status, {{"next", next_}, {"durable", durable}, {"key_wanted", key_wanted_}}, error);
}

bool FakeIntake::signed_by_agent(const std::string& message, const std::string& signature) const {
  const Bytes bytes = from_base64(signature);
  EVP_PKEY* key =
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, public_key_.data(), public_key_.size());
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  const bool good =
      key != nullptr && EVP_DigestVerifyInit(context, nullptr, nullptr, nullptr, key) == 1 &&
      EVP_DigestVerify(context, bytes.data(), bytes.size(), as_bytes(message).data(), message.size()) == 1;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
  return good;
}

Reply FakeIntake::serve(const ServedRequest& request) {
  const std::lock_guard lock(mutex_);
  const std::string what = request.method + " " + request.target;
  changed_.notify_all();
  if (what == "POST /api/v1/agents/enrol") return enrol(request);
  if (what == "POST /api/v1/agents/challenge") return timed(200, {{"challenge", "what nobody guesses"}});
  if (what == "POST /api/v1/agents/session") return open_session(request);
  if (request.authorization != "Bearer session-" + std::to_string(session_))
    return timed(401, {}, "no such session");
  if (what == "GET /api/v1/screens/ws-w1/position") return position_answer(200, "");
  if (what.starts_with("POST /api/v1/screens/ws-w1/entries?first_available=")) return post(request);
  complaints_ += what + "\n";
  return answer(404, "{}");
}

Reply FakeIntake::enrol(const ServedRequest& request) {
  const json::object body = json::parse(request.body).as_object();
  const std::string code = text(body, "code");
  if (code != kCode) return timed(403, {}, "this code is not known");
  public_key_ = from_base64(text(body, "public_key"));
  if (!signed_by_agent("mingjing agent enrolment\n" + code, text(body, "signature")))
    complaints_ += "signature of the enrolment\n";
  return timed(200, {{"workstation", "ws-w1"}, {"agent", "0123456789abcdef"}});
}

Reply FakeIntake::open_session(const ServedRequest& request) {
  const json::object body = json::parse(request.body).as_object();
  if (revoked_) return timed(403, {}, "this agent was revoked");
  if (!signed_by_agent("mingjing agent session\nws-w1\nwhat nobody guesses", text(body, "signature")))
    complaints_ += "signature of the session\n";
  const int64_t expires = to_us(SystemClock().now() + 1h);
  return timed(200, {{"token", "session-" + std::to_string(session_)}, {"expires_us", expires}});
}

Reply FakeIntake::post(const ServedRequest& request) {
  if (request.content_type != "application/vnd.mingjing.entries") complaints_ += request.content_type + "\n";
  ++posts_;
  most_bytes_ = std::max(most_bytes_, request.body.size());
  if (!refusals_.empty()) {
    const Reply reply = refusals_.front();
    refusals_.erase(refusals_.begin());
    ++refused_;
    return reply;
  }
  const uint64_t first_available = std::stoull(request.target.substr(request.target.find('=') + 1));
  const auto [status, error] = take(read_entries(request.body), first_available);
  if (status == 400) ++refused_;
  if (lost_answers_ > 0) {
    --lost_answers_;
    return {.bytes = "", .close = true};
  }
  return position_answer(status, error);
}

std::pair<int, std::string> FakeIntake::take(const std::vector<ReceivedEntry>& entries,
                                             uint64_t first_available) {
  if (entries.empty()) return {400, "no entries"};
  std::vector<ReceivedEntry> references;
  std::string chain;
  for (const ReceivedEntry& entry : entries) {
    if (!chain.empty() && (entry.previous != chain || entry.number != references.back().number + 1))
      complaints_ += "chain at " + std::to_string(entry.number) + "\n";
    chain = entry.chain;
    if (entry.number > next_ && first_available < entry.number) return {409, "a number is missing"};
    for (; next_ < entry.number; ++next_) missing_.push_back(next_);
    if (entry.number == next_) {
      if (auto [status, error] = take_one(entry, references); status != 200) return {status, error};
    } else if (taken_.contains(entry.number) && taken_.at(entry.number).chain != entry.chain) {
      complaints_ += "another " + std::to_string(entry.number) + "\n";
    }
    references.push_back(entry);
  }
  return {200, ""};
}

std::pair<int, std::string> FakeIntake::take_one(const ReceivedEntry& entry,
                                                 const std::vector<ReceivedEntry>& references) {
  if (entry.number == disliked_) return {400, "entries[0].title: nobody likes it"};
  const bool from_key = !references.empty() && references.front().key();
  if (key_wanted_ && entry.kind() != "state" && !entry.key() && !from_key)
    return {409, "a key shot is wanted"};
  if (key_wanted_ && from_key)
    for (const ReceivedEntry& reference : references) references_.push_back(reference.number);
  if (entry.kind() != "state") key_wanted_ = false;
  if (!taken_.empty() && entry.count("at_us") <= taken_.rbegin()->second.count("at_us"))
    complaints_ += "time of " + std::to_string(entry.number) + "\n";
  taken_[entry.number] = entry;
  next_ = entry.number + 1;
  return {200, ""};
}

}  // namespace mj::test
