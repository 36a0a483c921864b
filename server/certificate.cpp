#include "server/certificate.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <array>
#include <set>

#include "server/openssl_handles.h"
#include "server/safe_file.h"

namespace mj::server {
namespace {

constexpr long kYears10 = 10L * 365 * 24 * 3600;
constexpr long kDay = 24L * 3600;

/// Addresses of this machine's interfaces, for a server that listens on all of them.
std::set<std::string> own_addresses() {
  std::set<std::string> out;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return out;
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, freeifaddrs);
  for (const ifaddrs* item = list; item != nullptr; item = item->ifa_next) {
    if (item->ifa_addr == nullptr || item->ifa_addr->sa_family != AF_INET) continue;
    std::array<char, INET_ADDRSTRLEN> text{};
    const auto* address = reinterpret_cast<const sockaddr_in*>(item->ifa_addr);
    if (inet_ntop(AF_INET, &address->sin_addr, text.data(), text.size()) != nullptr) out.insert(text.data());
  }
  return out;
}

bool is_dns_name(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") ==
             std::string_view::npos;
}

/// subjectAltName as X509V3_EXT_nconf_nid reads it: "DNS:localhost,IP:127.0.0.1,…". Every name was checked
/// for ','.
std::string alternative_names(const std::string& listen_address) {
  std::set<std::string> names{"DNS:localhost", "IP:127.0.0.1"};
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) == 0 && is_dns_name(host.data()))
    names.insert("DNS:" + std::string(host.data()));
  if (listen_address == "0.0.0.0" || listen_address == "::") {
    for (const std::string& address : own_addresses()) names.insert("IP:" + address);
  } else if (listen_address.find_first_not_of("0123456789abcdefABCDEF.:") == std::string::npos) {
    names.insert("IP:" + listen_address);
  }
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ",") + name;
  return out;
}

bool add_extension(X509* certificate, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const UniqueExtension extension(X509V3_EXT_nconf_nid(nullptr, &context, id, value.c_str()));
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

/// 127 random bits: positive, and never the same twice (RFC 5280 §4.1.2.2).
bool set_serial(X509* certificate) {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
  bytes[0] &= 0x7F;
  const std::unique_ptr<BIGNUM, void (*)(BIGNUM*)> number(BN_bin2bn(bytes.data(), bytes.size(), nullptr),
                                                          BN_free);
  return number != nullptr && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

UniqueX509 make_certificate(EVP_PKEY* key, const std::string& listen_address, WallTime now) {
  UniqueX509 out(X509_new());
  X509* certificate = out.get();
  if (certificate == nullptr) return nullptr;
  const time_t seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  X509_NAME* subject = X509_get_subject_name(certificate);
  const auto* name = reinterpret_cast<const unsigned char*>("Mingjing");
  const bool made = X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
                    ASN1_TIME_set(X509_getm_notBefore(certificate), seconds - kDay) != nullptr &&
                    ASN1_TIME_set(X509_getm_notAfter(certificate), seconds + kYears10) != nullptr &&
                    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, name, -1, -1, 0) == 1 &&
                    X509_set_issuer_name(certificate, subject) == 1 &&
                    X509_set_pubkey(certificate, key) == 1 &&
                    add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
                    add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
                    add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
                    add_extension(certificate, NID_subject_key_identifier, "hash") &&
                    add_extension(certificate, NID_subject_alt_name, alternative_names(listen_address)) &&
                    X509_sign(certificate, key, EVP_sha256()) > 0;
  return made ? std::move(out) : nullptr;
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long length = BIO_get_mem_data(bio, &data);
  return length > 0 ? std::string(data, static_cast<std::size_t>(length)) : std::string();
}

Result<void> make_pair(const CertificateFiles& files, const std::string& listen_address, WallTime now) {
  const UniquePkey key(EVP_EC_gen("P-256"));
  const UniqueX509 certificate = key ? make_certificate(key.get(), listen_address, now) : nullptr;
  const UniqueBio key_text(BIO_new(BIO_s_mem()));
  const UniqueBio certificate_text(BIO_new(BIO_s_mem()));
  if (!certificate || !key_text || !certificate_text ||
      PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1 ||
      PEM_write_bio_X509(certificate_text.get(), certificate.get()) != 1) {
    return fail(ErrorKind::internal, "cannot make a certificate");
  }
  MJ_CHECK(write_whole(files.private_key, text_of(key_text.get()), 0600));
  MJ_CHECK(write_whole(files.certificate, text_of(certificate_text.get()), 0644));
  spdlog::info("https: made a self-signed certificate: {}", files.certificate.string());
  return {};
}

UniqueX509 read_certificate(const std::filesystem::path& file) {
  const UniqueBio bio(BIO_new_file(file.c_str(), "r"));
  return UniqueX509(bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : nullptr);
}

UniquePkey read_key(const std::filesystem::path& file) {
  const UniqueBio bio(BIO_new_file(file.c_str(), "r"));
  return UniquePkey(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr) : nullptr);
}

/// A crash between the two files, or a restored half of a backup, leaves a pair that no client would accept.
bool pair_is_good(const CertificateFiles& files, WallTime now) {
  const UniqueX509 certificate = read_certificate(files.certificate);
  const UniquePkey key = read_key(files.private_key);
  if (!certificate || !key || X509_check_private_key(certificate.get(), key.get()) != 1) return false;
  time_t seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  return X509_cmp_time(X509_get0_notAfter(certificate.get()), &seconds) > 0;
}

}  // namespace

Result<CertificateFiles> certificate_files(const config::Server& settings,
                                           const std::filesystem::path& data_directory, WallTime now) {
  if (!settings.certificate.empty()) return CertificateFiles{settings.certificate, settings.private_key};
  const CertificateFiles files{data_directory / "server.crt", data_directory / "server.key"};
  if (!pair_is_good(files, now)) {
    if (auto made = make_pair(files, settings.address, now); !made) {
      return tl::unexpected<Error>(made.error().within("https certificate"));
    }
  }
  return files;
}

}  // namespace mj::server
