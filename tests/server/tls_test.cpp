#include "server/tls.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <fstream>

#include "server/certificate.h"
#include "tests/server/hall.h"

namespace mj::server {
namespace {

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

CertificateFiles make(const std::filesystem::path& folder, WallTime now) {
  config::Server settings;
  return certificate_files(settings, folder, now).value();
}

TEST(Certificate, IsMadeOnceAndKept) {
  const mj::test::TemporaryDirectory folder;
  const WallTime now = SystemClock().now();
  const CertificateFiles files = make(folder.path(), now);
  const std::string before = text_of(files.certificate);
  struct stat status {};
  ASSERT_EQ(stat(files.private_key.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  make(folder.path(), now);
  EXPECT_EQ(text_of(files.certificate), before);
  EXPECT_TRUE(make_tls(files));
}

TEST(Certificate, APairThatDoesNotFitIsMadeAnew) {
  const mj::test::TemporaryDirectory folder;
  const mj::test::TemporaryDirectory other;
  const WallTime now = SystemClock().now();
  const CertificateFiles files = make(folder.path(), now);
  const CertificateFiles foreign = make(other.path(), now);
  std::filesystem::copy_file(foreign.private_key, files.private_key,
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_FALSE(make_tls(files));
  EXPECT_TRUE(make_tls(make(folder.path(), now)));
  std::ofstream(files.certificate) << "not a certificate";
  EXPECT_TRUE(make_tls(make(folder.path(), now)));
}

TEST(Certificate, AnExpiredOneIsMadeAnew) {
  const mj::test::TemporaryDirectory folder;
  const WallTime now = SystemClock().now();
  const std::string old = text_of(make(folder.path(), now - std::chrono::hours(24 * 365 * 11)).certificate);
  EXPECT_NE(text_of(make(folder.path(), now).certificate), old);
}

TEST(Certificate, ItsNamesAreThoseOfTheServer) {
  test::Hall hall;
  test::Client client(hall.url(), hall.certificate());
  ASSERT_TRUE(client.connected());
  EXPECT_EQ(client.ask("GET", "/").status, 200);
}

/// Whether a handshake of just this version succeeds.
bool handshake(const std::string& url, int version) {
  namespace asio = boost::asio;
  asio::io_context context;
  asio::ssl::context tls(asio::ssl::context::tls_client);
  SSL_CTX_set_security_level(tls.native_handle(), 0);
  SSL_CTX_set_min_proto_version(tls.native_handle(), version);
  SSL_CTX_set_max_proto_version(tls.native_handle(), version);
  asio::ssl::stream<asio::ip::tcp::socket> stream(context, tls);
  const auto port = static_cast<uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  stream.next_layer().connect({asio::ip::make_address("127.0.0.1"), port});
  boost::system::error_code ec;
  stream.handshake(asio::ssl::stream_base::client, ec);
  return !ec;
}

TEST(Tls, IsTwelveOrNewer) {
  test::Hall hall;
  EXPECT_FALSE(handshake(hall.url(), TLS1_VERSION));
  EXPECT_FALSE(handshake(hall.url(), TLS1_1_VERSION));
  EXPECT_TRUE(handshake(hall.url(), TLS1_2_VERSION));
  EXPECT_TRUE(handshake(hall.url(), TLS1_3_VERSION));
}

TEST(Tls, PlainHttpOnTheTlsPortIsRefused) {
  test::Hall hall;
  std::string plain = hall.url();
  plain.replace(0, 5, "http");
  EXPECT_EQ(test::ask(plain, "GET", "/").status, 0);
  EXPECT_EQ(hall.get("/").status, 200);
}

}  // namespace
}  // namespace mj::server
