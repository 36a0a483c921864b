#include "server/tls.h"

#include <openssl/ssl.h>

namespace mj::server {
namespace {

namespace ssl = boost::asio::ssl;

/// We speak HTTP/1.1 only; a client that offers ALPN without it will see that in the answer it gets anyway.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_length, const unsigned char* in,
                    unsigned in_length, void*) {
  static constexpr unsigned char kHttp11[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_length, kHttp11, sizeof kHttp11, in, in_length) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

Result<ssl::context> make_tls(const CertificateFiles& files) {
  ssl::context context(ssl::context::tls_server);
  SSL_CTX* native = context.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                  SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_cipher_list(native, "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(native, choose_protocol, nullptr);
  boost::system::error_code ec;
  context.use_certificate_chain_file(files.certificate.string(), ec);
  if (ec) {
    return fail(ErrorKind::invalid, "server.certificate {}: {}", files.certificate.string(), ec.message());
  }
  context.use_private_key_file(files.private_key.string(), ssl::context::pem, ec);
  if (ec) {
    return fail(ErrorKind::invalid, "server.private_key {}: {}", files.private_key.string(), ec.message());
  }
  if (SSL_CTX_check_private_key(native) != 1) {
    return fail(ErrorKind::invalid, "server.private_key does not belong to server.certificate");
  }
  return context;
}

}  // namespace mj::server
