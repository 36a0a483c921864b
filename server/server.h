#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "capture/capture.h"
#include "config/config.h"
#include "index/index.h"
#include "storage/storage.h"

/// Facts and bytes to those entitled: HTTPS, sessions, the gate, the API of openapi.yaml and the embedded
/// viewer.
namespace mj::server {

/// What the handlers ask. Borrowed; all must outlive the Server.
struct Context {
  const config::Settings& settings;
  const Clock& clock;
  index::Index& index;
  const storage::Reader& reader;
  capture::Capture& capture;
  std::function<std::vector<storage::StoreStatus>()> store_status;
};

struct Tuning;

/// Owner: the composition root. Threads: one calls everything; all sessions run in serve_for() and stop(),
/// and a pool of 2 ("work") runs everything that touches disk or SQL. Does not: record. A Server that cannot
/// start (port in use, bad certificate) never stops recording.
class Server {
 public:
  explicit Server(Context context);
  Server(Context context, const Tuning& tuning);  ///< with other deadlines, for tests
  ~Server();                                      // stops
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Makes the self-signed certificate if there is none, binds and listens.
  /// Errors: unavailable (port in use), denied, invalid (certificate).
  [[nodiscard]] Result<void> start();
  /// Serves for so long; to be called again and again from start() to stop().
  void serve_for(Duration duration);
  /// Stops accepting, lets requests finish (≤ 10 s), joins.
  void stop();

  /// Runs `task` on the pool that touches disk and SQL; also before start(). stop() waits for it.
  void run_in_background(std::function<void()> task);

  /// Where it really listens: "https://127.0.0.1:8443" (port 0 in the settings means any).
  [[nodiscard]] std::string url() const;
  /// The one-time sign-in token while there is no account, else empty.
  [[nodiscard]] std::string first_sign_in_token() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mj::server
