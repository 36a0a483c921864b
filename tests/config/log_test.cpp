#include "config/base/log.h"

#include <gmock/gmock.h>

#include <functional>
#include <thread>

namespace mj {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;

std::string logged(const std::string& level, const std::function<void()>& action) {
  testing::internal::CaptureStderr();
  init_log(level);
  action();
  return testing::internal::GetCapturedStderr();
}

TEST(Log, SaysUtcTimeLevelThreadAndMessage) {
  const std::string text = logged("info", [] {
    std::thread([] {
      name_thread("cam-7");
      spdlog::info("recording {}", "cam-7.main");
    }).join();
  });
  EXPECT_THAT(text, MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3}Z info  \\[cam-7\\] "
                                 "recording cam-7\\.main\n"));
}

TEST(Log, HidesWhatIsBelowItsLevel) {
  EXPECT_THAT(logged("warn", [] { spdlog::info("quiet"); }), IsEmpty());
  EXPECT_THAT(logged("debug", [] { spdlog::debug("loud"); }), HasSubstr("loud"));
}

TEST(Log, FallsBackToInfoAndSaysSo) {
  const std::string text = logged("lound", [] { spdlog::debug("x"); });
  EXPECT_THAT(text, HasSubstr("\"lound\" is not debug"));
}

TEST(Log, KeepsAMessageOnOneLine) {
  const std::string text = logged("info", [] { spdlog::info("number {}", "1\n2026 forged\x1b[31m"); });
  EXPECT_THAT(text, HasSubstr("number 1\\x0a2026 forged\\x1b[31m\n"));
}

TEST(ThreadNames, AreCutToWhatTheKernelTakes) {
  std::thread([] {
    name_thread("a-name-of-more-than-15");
    char name[32] = {};
    pthread_getname_np(pthread_self(), name, sizeof name);
    EXPECT_STREQ(name, "a-name-of-more-");
  }).join();
}

}  // namespace
}  // namespace mj
