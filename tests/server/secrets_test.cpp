// Marker secrets go in by the settings, by sign-in and by tokens; they must come out nowhere.
#include <gmock/gmock.h>
#include <spdlog/sinks/ostream_sink.h>

#include <fstream>
#include <sstream>

#include "server/routes.h"
#include "tests/server/hall.h"

namespace mj::server {
namespace {

/// Everything the process logs while it lives.
class LogCatcher {
 public:
  LogCatcher() : before_(spdlog::default_logger()) {
    auto logger =
        std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_));
    logger->set_level(spdlog::level::trace);
    spdlog::set_default_logger(logger);
  }
  ~LogCatcher() { spdlog::set_default_logger(before_); }
  LogCatcher(const LogCatcher&) = delete;
  LogCatcher& operator=(const LogCatcher&) = delete;
  [[nodiscard]] std::string text() const { return text_.str(); }

 private:
  std::shared_ptr<spdlog::logger> before_;
  std::ostringstream text_;
};

std::string all_answers(const test::Hall& hall) {
  std::string out;
  for (const Route& route : routes()) {
    std::string target(route.pattern);
    if (const auto brace = target.find('{'); brace != std::string::npos)
      target = target.substr(0, brace) + "cam-w1.main";
    const std::string method(http::to_string(route.method));
    for (const test::Headers& headers :
         {test::Headers{}, hall.person(), test::Headers{{"Authorization", "Bearer " + test::kFeedToken}}}) {
      if (target == "/api/v1/sign-out") continue;
      const test::Answer answer =
          test::ask(hall.url(), method, target, headers, method == "POST" ? "{}" : "");
      out += answer.body;
      for (const auto& [name, value] : answer.headers) out += name + ": " + value + "\n";
    }
  }
  return out;
}

TEST(Secrets, ComeOutNowhere) {
  const LogCatcher log;
  std::string answers, cookie_value, first_token;
  {
    test::Hall hall;
    first_token = hall.server->first_sign_in_token();
    hall.sign_in();
    cookie_value = hall.cookie().substr(hall.cookie().find('=') + 1);
    (void)hall.post("/api/v1/sign-in", R"({"login":"zhao","password":"MARKER-guess"})");
    (void)hall.post("/api/v1/sign-in",
                    R"({"login":"zhao","password":"MARKER-twice","password":"MARKER-twice"})");
    (void)test::ask(hall.url(), "GET", "/?token=MARKER-in-query");
    (void)test::ask(hall.url(), "GET", "/api/v1/me", {{"Authorization", "Bearer MARKER-unknown"}});
    answers = all_answers(hall);
    hall.stop_server();
    std::string files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(hall.folder.path())) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path());
      files.append(std::istreambuf_iterator<char>(in), {});
    }
    EXPECT_EQ(files.find("MARKER"), std::string::npos);
    EXPECT_EQ(files.find(cookie_value), std::string::npos) << "the session's token itself is stored";
  }
  EXPECT_EQ(answers.find("MARKER"), std::string::npos);
  EXPECT_EQ(log.text().find("MARKER"), std::string::npos) << log.text();
  EXPECT_EQ(log.text().find(cookie_value), std::string::npos);
  EXPECT_EQ(log.text().find(first_token), std::string::npos);
  EXPECT_EQ(answers.find("argon2"), std::string::npos);
}

}  // namespace
}  // namespace mj::server
