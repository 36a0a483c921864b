#include "capture/rtsp/auth.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>

#include "capture/rtsp/text.h"

namespace mj::capture::rtsp {
namespace {

using Scheme = Challenge::Scheme;

std::string hash_hex(Scheme scheme, std::string_view text) {
  std::array<uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const EVP_MD* algorithm = scheme == Scheme::digest_sha256 ? EVP_sha256() : EVP_md5();
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, algorithm, nullptr) != 1) return {};
  return to_hex(BytesView(digest.data(), size));
}

std::string base64(std::string_view text) {
  std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
  const auto bytes = as_bytes(text);
  const int size =
      EVP_EncodeBlock(reinterpret_cast<uint8_t*>(out.data()), bytes.data(), static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

std::string fresh_cnonce() {
  std::array<uint8_t, 12> bytes{};
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) return "mingjing";
  return to_hex(bytes);
}

/// The next `name=value` or `name="value"` of a challenge; removes it from `rest`.
std::optional<std::pair<std::string, std::string>> next_parameter(std::string_view& rest) {
  rest = rest.substr(std::min(rest.size(), rest.find_first_not_of(" \t,")));
  const auto equals = rest.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  std::string name(trim(rest.substr(0, equals)));
  rest = rest.substr(equals + 1);
  rest = rest.substr(std::min(rest.size(), rest.find_first_not_of(" \t")));
  if (!rest.starts_with('"')) return std::pair(std::move(name), std::string(trim(cut(rest, ','))));
  rest.remove_prefix(1);
  std::string value;
  while (!rest.empty() && rest.front() != '"') {
    if (rest.front() == '\\' && rest.size() > 1) rest.remove_prefix(1);
    value += rest.front();
    rest.remove_prefix(1);
  }
  if (!rest.empty()) rest.remove_prefix(1);
  return std::pair(std::move(name), std::move(value));
}

bool offers_auth(std::string_view qop) {
  while (!qop.empty()) {
    if (same_word(trim(cut(qop, ',')), "auth")) return true;
  }
  return false;
}

std::optional<Challenge> parse_challenge(std::string_view value) {
  value = trim(value);
  const std::string_view scheme = cut(value, ' ');
  Challenge challenge;
  if (same_word(scheme, "Digest")) {
    challenge.scheme = Scheme::digest_md5;
  } else if (!same_word(scheme, "Basic")) {
    return std::nullopt;
  }
  while (auto parameter = next_parameter(value)) {
    auto& [name, text] = *parameter;
    if (same_word(name, "realm"))
      challenge.realm = std::move(text);
    else if (same_word(name, "nonce"))
      challenge.nonce = std::move(text);
    else if (same_word(name, "opaque"))
      challenge.opaque = std::move(text);
    else if (same_word(name, "qop"))
      challenge.qop_auth = offers_auth(text);
    else if (same_word(name, "stale"))
      challenge.stale = same_word(text, "true");
    else if (same_word(name, "algorithm"))
      challenge.algorithm = std::move(text);
  }
  if (challenge.scheme == Scheme::basic) return challenge;
  if (challenge.algorithm.empty() || same_word(challenge.algorithm, "MD5")) return challenge;
  if (!same_word(challenge.algorithm, "SHA-256")) return std::nullopt;
  challenge.scheme = Scheme::digest_sha256;
  return challenge;
}

/// A quoted-string (RFC 7230 §3.2.6).
std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

}  // namespace

std::optional<Challenge> strongest_challenge(const Message& reply) {
  std::optional<Challenge> best;
  for (const auto& header : reply.headers) {
    if (!same_word(header.name, "WWW-Authenticate")) continue;
    auto offer = parse_challenge(header.value);
    if (offer && (!best || offer->scheme > best->scheme)) best = std::move(offer);
  }
  return best;
}

std::string digest_response(const Challenge& challenge, const DigestInput& input) {
  const auto hash = [&](const std::string& text) { return hash_hex(challenge.scheme, text); };
  const std::string ha1 = hash(fmt::format("{}:{}:{}", input.user, challenge.realm, input.password));
  const std::string ha2 = hash(fmt::format("{}:{}", input.method, input.uri));
  if (!challenge.qop_auth) return hash(fmt::format("{}:{}:{}", ha1, challenge.nonce, ha2));
  return hash(fmt::format("{}:{}:{:08x}:{}:auth:{}", ha1, challenge.nonce, input.count, input.cnonce, ha2));
}

Result<void> Authenticator::answer(const Message& reply, bool answered) {
  auto offer = strongest_challenge(reply);
  if (user_.empty()) return fail(ErrorKind::denied, "the camera asks for a user name and none is configured");
  if (!offer) return fail(ErrorKind::denied, "the camera asks for a way of signing in that we do not know");
  // A nonce of an earlier connection may have expired without the camera saying "stale": a new one earns one
  // more try.
  const bool nonce_was_old = challenge_ && count_ > 1 && offer->nonce != challenge_->nonce;
  if (answered && !offer->stale && !nonce_was_old) {
    challenge_.reset();
    return fail(ErrorKind::denied, "the camera refuses the user name or password");
  }
  challenge_ = std::move(offer);
  count_ = 0;
  return {};
}

std::string Authenticator::authorization(std::string_view method, std::string_view uri) {
  if (!challenge_) return {};
  ++count_;
  if (challenge_->scheme == Scheme::basic) return "Basic " + base64(user_ + ":" + password_.reveal());
  const std::string cnonce = fresh_cnonce();
  const std::string response =
      digest_response(*challenge_, {user_, password_.reveal(), method, uri, cnonce, count_});
  std::string out =
      fmt::format("Digest username={}, realm={}, nonce={}, uri={}, response=\"{}\"", in_quotes(user_),
                  in_quotes(challenge_->realm), in_quotes(challenge_->nonce), in_quotes(uri), response);
  if (!challenge_->algorithm.empty()) out += ", algorithm=" + challenge_->algorithm;
  if (!challenge_->opaque.empty()) out += ", opaque=" + in_quotes(challenge_->opaque);
  if (challenge_->qop_auth) out += fmt::format(", qop=auth, nc={:08x}, cnonce=\"{}\"", count_, cnonce);
  return out;
}

}  // namespace mj::capture::rtsp
