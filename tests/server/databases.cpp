#include "tests/server/databases.h"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <mysql.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace mj::test {
namespace {

constexpr auto kPatience = std::chrono::seconds(60);
constexpr auto kBetweenTries = std::chrono::milliseconds(100);
constexpr const char* kPostgresql = "/usr/lib/postgresql/15/bin/";

int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), length) == 0 &&
                     ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  ::close(fd);
  if (!bound) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

/// Tries again until `ready`; a server takes a second or two to come up.
template <class Ready>
void wait_until(const Ready& ready, const std::string& what) {
  for (auto waited = std::chrono::milliseconds(0); waited < kPatience; waited += kBetweenTries) {
    if (ready()) return;
    std::this_thread::sleep_for(kBetweenTries);
  }
  throw std::runtime_error(what);
}

class Postgresql final : public DatabaseServer {
 public:
  Postgresql() : DatabaseServer(config::SqlSource::Kind::postgresql) {
    give_to("postgres");
    const std::string data = (folder_.path() / "data").string();
    must(as_user("postgres", {std::string(kPostgresql) + "initdb", "-D", data, "-U", "owner", "-A", "trust",
                              "--no-sync", "-E", "UTF8", "--locale=C"}));
    std::ofstream(data + "/pg_hba.conf") << "host all reader 127.0.0.1/32 scram-sha-256\n"
                                            "host all owner 127.0.0.1/32 trust\n";
    server_ = std::make_unique<Child>(
        as_user("postgres", {std::string(kPostgresql) + "postgres", "-D", data, "-p", std::to_string(port_),
                             "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c",
                             "fsync=off", "-c", "timezone=Asia/Shanghai"}),
        folder_.path() / "server.log");
    wait_until([&] { return PQping(owner("postgres").c_str()) == PQPING_OK; }, "PostgreSQL: " + log());
    run_in("postgres", "CREATE DATABASE approval");
    run("CREATE ROLE reader LOGIN PASSWORD '" + kReaderPassword + "'; GRANT pg_read_all_data TO reader");
  }
  ~Postgresql() override { stop(); }
  void run(const std::string& sql) override { run_in("approval", sql); }
  void stop() override {
    if (!server_) return;
    server_->signal(SIGQUIT);
    server_->wait();
    server_.reset();
  }

 private:
  [[nodiscard]] std::string owner(const std::string& database) const {
    return fmt::format("host=127.0.0.1 port={} user=owner dbname={}", port_, database);
  }
  void run_in(const std::string& database, const std::string& sql) const {
    const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(owner(database).c_str()),
                                                                  &PQfinish);
    const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection.get(), sql.c_str()),
                                                               &PQclear);
    const auto status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
      throw std::runtime_error(PQerrorMessage(connection.get()));
    }
  }
};

class Mariadb final : public DatabaseServer {
 public:
  Mariadb() : DatabaseServer(config::SqlSource::Kind::mysql) {
    give_to("mysql");
    const std::string data = "--datadir=" + (folder_.path() / "data").string();
    must(as_user("mysql", {"mariadb-install-db", "--no-defaults", data, "--skip-test-db",
                           "--auth-root-authentication-method=normal"}));
    server_ = std::make_unique<Child>(
        as_user("mysql", {"/usr/sbin/mariadbd", "--no-defaults", data, fmt::format("--port={}", port_),
                          "--bind-address=127.0.0.1", "--socket=" + (folder_.path() / "socket").string(),
                          "--pid-file=" + (folder_.path() / "pid").string(),
                          "--innodb-flush-log-at-trx-commit=0", "--character-set-server=utf8mb4"}),
        folder_.path() / "server.log");
    wait_until([&] { return connected("") != nullptr; }, "MariaDB: " + log());
    run_in("", "CREATE DATABASE approval");
    run("CREATE USER 'reader'@'127.0.0.1' IDENTIFIED BY '" + kReaderPassword + "'");
    run("GRANT SELECT ON approval.* TO 'reader'@'127.0.0.1'");
  }
  ~Mariadb() override { stop(); }
  void run(const std::string& sql) override { run_in("approval", sql); }
  void stop() override {
    if (!server_) return;
    server_->signal(SIGKILL);
    server_->wait();
    server_.reset();
  }

 private:
  using Connection = std::unique_ptr<MYSQL, decltype(&mysql_close)>;
  [[nodiscard]] Connection connected(const std::string& database) const {
    Connection connection(mysql_init(nullptr), &mysql_close);
    const bool good = mysql_real_connect(connection.get(), "127.0.0.1", "root", "", database.c_str(),
                                         static_cast<unsigned>(port_), nullptr, 0) != nullptr;
    return good ? std::move(connection) : Connection(nullptr, &mysql_close);
  }
  void run_in(const std::string& database, const std::string& sql) const {
    const auto connection = connected(database);
    if (!connection || mysql_query(connection.get(), sql.c_str()) != 0) {
      throw std::runtime_error(connection ? mysql_error(connection.get()) : "MariaDB: no connection");
    }
  }
};

}  // namespace

DatabaseServer::DatabaseServer(config::SqlSource::Kind kind) : kind_(kind), port_(free_port()) {}

config::SqlSource DatabaseServer::source() const {
  config::SqlSource source;
  source.kind = kind_;
  source.host = "127.0.0.1";
  source.port = port_;
  source.database = "approval";
  source.user = "reader";
  source.password = Secret(kReaderPassword);
  return source;
}

std::vector<std::string> DatabaseServer::as_user(const char* user,
                                                 const std::vector<std::string>& argv) const {
  std::vector<std::string> whole;
  // A change of user forgets the parent-death signal, so it is asked for again.
  if (::geteuid() == 0) {
    whole = {"setpriv", std::string("--reuid=") + user, std::string("--regid=") + user, "--clear-groups",
             "--pdeathsig=KILL"};
  }
  whole.insert(whole.end(), {"env", "TMPDIR=" + folder_.path().string()});  // ours is not that user's
  whole.insert(whole.end(), argv.begin(), argv.end());
  return whole;
}

void DatabaseServer::must(const std::vector<std::string>& argv) const {
  if (Child(argv, folder_.path() / "server.log").wait() != 0) throw std::runtime_error(log());
}

void DatabaseServer::give_to(const char* user) const {
  if (::geteuid() != 0) return;
  const passwd* entry = ::getpwnam(user);
  if (entry == nullptr || ::chown(folder_.path().c_str(), entry->pw_uid, entry->pw_gid) != 0) {
    throw std::runtime_error(fmt::format("no user {}: is its server installed?", user));
  }
}

std::string DatabaseServer::log() const {
  std::ifstream in(folder_.path() / "server.log");
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::unique_ptr<DatabaseServer> start_postgresql() {
  return std::make_unique<Postgresql>();
}
std::unique_ptr<DatabaseServer> start_mariadb() {
  return std::make_unique<Mariadb>();
}

}  // namespace mj::test
