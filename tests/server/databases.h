#pragma once

#include <memory>
#include <string>

#include "config/config.h"
#include "tests/support/child.h"
#include "tests/support/temporary_directory.h"

namespace mj::test {

inline const std::string kReaderPassword = "MARKER-reader-password";

/// A database server of others, on loopback, in a folder that goes away, with a database "approval" and a
/// user "reader" who may only read. Throws when it does not come up: a test that needs it must not pass
/// without.
class DatabaseServer {
 public:
  virtual ~DatabaseServer() = default;
  /// Statements as the server's owner.
  virtual void run(const std::string& sql) = 0;
  virtual void stop() = 0;
  [[nodiscard]] config::SqlSource source() const;

 protected:
  explicit DatabaseServer(config::SqlSource::Kind kind);
  /// The argv of a program that runs as the distribution's own user of that server when we are root, which
  /// these servers refuse to be.
  [[nodiscard]] std::vector<std::string> as_user(const char* user,
                                                 const std::vector<std::string>& argv) const;
  void must(const std::vector<std::string>& argv) const;
  void give_to(const char* user) const;
  [[nodiscard]] std::string log() const;

  TemporaryDirectory folder_;
  config::SqlSource::Kind kind_;
  int port_;
  std::unique_ptr<Child> server_;
};

[[nodiscard]] std::unique_ptr<DatabaseServer> start_postgresql();
[[nodiscard]] std::unique_ptr<DatabaseServer> start_mariadb();

}  // namespace mj::test
