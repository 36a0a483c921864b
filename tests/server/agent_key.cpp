#include "tests/server/agent_key.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "server/agent_door.h"
#include "server/digests.h"

namespace mj::test {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kSignatureBytes = 64;
/// Baseline, 320 × 192.
constexpr std::string_view kAvcConfig{
    "\x01\x42\x00\x1e\xff\xe1\x00\x08\x67\x42\x00\x1e\xda\x05\x06\x64\x01\x00\x04\x68\xce\x38\x80", 23};

std::string base64(BytesView bytes) {
  std::string out(4 * (bytes.size() / 3 + 1) + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes.data(),
                                     static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(length));
  return out;
}

std::string little(uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}

std::string nal(char header, std::size_t bytes) {
  std::string out{'\0', '\0', static_cast<char>(bytes >> 8), static_cast<char>(bytes)};
  return out + header + std::string(bytes - 1, 'p');
}

}  // namespace

AgentKey::AgentKey() {
  EVP_PKEY* made = nullptr;
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nullptr);
  EVP_PKEY_keygen_init(context);
  EVP_PKEY_keygen(context, &made);
  EVP_PKEY_CTX_free(context);
  key_.reset(made);
}

std::string AgentKey::public_key() const {
  Bytes bytes(kKeyBytes);
  std::size_t length = bytes.size();
  EVP_PKEY_get_raw_public_key(key_.get(), bytes.data(), &length);
  return base64(bytes);
}

std::string AgentKey::sign(const std::string& message) const {
  Bytes bytes(kSignatureBytes);
  std::size_t length = bytes.size();
  const server::UniqueDigestContext context(EVP_MD_CTX_new());
  EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get());
  EVP_DigestSign(context.get(), bytes.data(), &length, reinterpret_cast<const unsigned char*>(message.data()),
                 message.size());
  return base64(bytes);
}

std::string enrolment_code(const Hall& hall, const std::string& workstation) {
  const std::string made = server::random_hex(8);
  const WallTime now = hall.clock.now();
  EXPECT_TRUE(index::Agents::add_code(hall.settings.data_directory / "index", workstation,
                                      server::sha256(server::folded_code(made)), now,
                                      now + std::chrono::hours(1)));
  return made;
}

Answer enrol(const Hall& hall, const AgentKey& key, const std::string& code) {
  const boost::json::object body{{"code", code},
                                 {"public_key", key.public_key()},
                                 {"signature", key.sign("mingjing agent enrolment\n" + code)}};
  return ask(hall.url(), "POST", "/api/v1/agents/enrol", {}, boost::json::serialize(body));
}

Answer open_session(const Hall& hall, const AgentKey& key, const std::string& workstation) {
  const Answer asked = ask(hall.url(), "POST", "/api/v1/agents/challenge", {}, "{}");
  const std::string challenge(boost::json::parse(asked.body).at("challenge").as_string());
  const boost::json::object body{
      {"workstation", workstation},
      {"challenge", challenge},
      {"signature", key.sign("mingjing agent session\n" + workstation + "\n" + challenge)}};
  return ask(hall.url(), "POST", "/api/v1/agents/session", {}, boost::json::serialize(body));
}

std::string agent_token(const Hall& hall, const AgentKey& key, const std::string& workstation) {
  EXPECT_EQ(enrol(hall, key, enrolment_code(hall, workstation)).status, 200);
  const Answer session = open_session(hall, key, workstation);
  EXPECT_EQ(session.status, 200) << session.body;
  return std::string(boost::json::parse(session.body).at("token").as_string());
}

std::string encode(const WireEntry& entry) {
  std::string out = "MJE1" + little(entry.number, 8);
  out.append(entry.previous.begin(), entry.previous.end());
  out += little(entry.json.size(), 4) + entry.json;
  out += little(entry.avc_config.size(), 4) + entry.avc_config + entry.access_unit;
  return little(out.size(), 4) + out;
}

std::string EntryChain::head(const std::string& kind) const {
  return fmt::format(R"("kind":"{}","at_us":{},"error_us":20000,"agent_time_us":{},"offset_us":0,)"
                     R"("nominal_ms":5000,"configured_ms":5000)",
                     kind, to_us(at_), to_us(at_));
}

std::string EntryChain::finish(std::string json, std::string avc_config, std::string access_unit) {
  const std::string out =
      encode({++number_, chain_, "{" + std::move(json) + "}", std::move(avc_config), std::move(access_unit)});
  chain_ = server::sha256(std::string_view(out).substr(4));
  at_ += std::chrono::seconds(5);
  return out;
}

namespace {
constexpr const char* kDesktop =
    R"(,"title":"审批系统","program":"chromium","user":"zhang","idle_ms":1200,"locked":false,)"
    R"("monitors":[[0,0,1920,1080]])";
const std::string kHash = R"(,"input_sha256":")" + std::string(64, 'a') + '"';
}  // namespace

std::string EntryChain::key_shot(std::size_t bytes) {
  return finish(head("shot") + kDesktop + R"(,"key":true)" + kHash, std::string(kAvcConfig),
                nal('\x65', bytes));
}

std::string EntryChain::shot(std::size_t bytes) {
  return finish(head("shot") + kDesktop + R"(,"key":false)" + kHash, "", nal('\x41', bytes));
}

std::string EntryChain::same() {
  return finish(head("same") + kDesktop, "", "");
}

std::string EntryChain::state(const std::string& state, const std::string& detail) {
  return finish(head("state") + fmt::format(R"(,"state":"{}","detail":"{}")", state, detail), "", "");
}

void EntryChain::lose(uint64_t count) {
  number_ += count;
  at_ += count * std::chrono::seconds(5);
}

}  // namespace mj::test
