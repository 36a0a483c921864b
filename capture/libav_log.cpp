#include "capture/libav_log.h"

#include <array>
#include <mutex>

#include "capture/libav_handles.h"
#include "config/config.h"

namespace mj::capture {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void log_line(void* context, int level, const char* format, va_list arguments) {
  if (level > AV_LOG_WARNING) return;
  std::array<char, 1024> line{};
  int print_prefix = 1;
  av_log_format_line2(context, level, format, arguments, line.data(), static_cast<int>(line.size()),
                      &print_prefix);
  std::string text = redact_text(line.data());
  while (!text.empty() && is_space(text.back())) text.pop_back();
  spdlog::debug("libav: {}", text);
}

}  // namespace

std::string redact_text(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t word_end = std::min(text.find_first_of(" \t\r\n"), text.size());
    const std::string_view word = text.substr(0, word_end);
    const bool suspicious =
        word.find("://") != std::string_view::npos || word.find('@') != std::string_view::npos;
    out += suspicious ? redact_url(word) : std::string(word);
    text.remove_prefix(word_end);
    if (!text.empty()) {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

void route_libav_log() {
  static std::once_flag once;
  std::call_once(once, [] {
    av_log_set_level(AV_LOG_WARNING);
    av_log_set_callback(log_line);
  });
}

}  // namespace mj::capture
