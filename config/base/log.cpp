#include "config/base/log.h"

#include <pthread.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>
#include <cstring>
#include <memory>

namespace mj {
namespace {

/// `%*` in the pattern: the name of the thread that logs. Sinks are synchronous, so it is the calling thread.
class ThreadNameFlag final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg&, const std::tm&, spdlog::memory_buf_t& out) override {
    std::array<char, 16> thread_name{};
    pthread_getname_np(pthread_self(), thread_name.data(), thread_name.size());
    out.append(thread_name.data(), thread_name.data() + std::strlen(thread_name.data()));
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<ThreadNameFlag>();
  }
};

/// `%&` in the pattern: the message on one line. Text of strangers reaches the log; a line break in it must
/// not forge a line of ours, nor an escape sequence reach the operator's terminal.
class OneLineFlag final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    for (const char c : message.payload) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x20 || byte == 0x7f) {
        fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
      } else {
        out.push_back(c);
      }
    }
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<OneLineFlag>();
  }
};

}  // namespace

void init_log(std::string_view level) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  formatter->add_flag<ThreadNameFlag>('*').add_flag<OneLineFlag>('&').set_pattern(
      "%Y-%m-%dT%H:%M:%S.%eZ %-5l [%*] %&");
  auto logger = std::make_shared<spdlog::logger>("mj", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_formatter(std::move(formatter));
  const auto wanted = spdlog::level::from_str(std::string(level));
  const bool unknown = wanted == spdlog::level::off && level != "off";
  logger->set_level(unknown ? spdlog::level::info : wanted);
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
  if (unknown) spdlog::warn("log level \"{}\" is not debug, info, warn or error: using info", level);
}

void name_thread(const char* thread_name) {
  std::array<char, 16> shortened{};  // the kernel refuses longer names instead of cutting them
  std::strncpy(shortened.data(), thread_name, shortened.size() - 1);
  pthread_setname_np(pthread_self(), shortened.data());
}

}  // namespace mj
