#pragma once

#include <string>
#include <utility>

#include "config/config.h"

namespace mj::agent {

/// Logs a lasting trouble once, again when it changes, and once more when it is over: an agent that cannot
/// reach its server for a weekend must not fill the clerk's disk. Thread: one.
class Trouble {
 public:
  explicit Trouble(std::string subject) : subject_(std::move(subject)) {}

  void is(const std::string& message) {
    if (message != message_) spdlog::warn("{}: {}", subject_, message);
    message_ = message;
  }
  void is(const Error& error) { is(fmt::format("{} ({})", error.message, name(error.kind))); }
  void over() {
    if (!message_.empty()) spdlog::info("{}: all right again", subject_);
    message_.clear();
  }

 private:
  const std::string subject_;
  std::string message_;
};

}  // namespace mj::agent
