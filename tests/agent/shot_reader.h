#pragma once

#include <boost/json.hpp>
#include <string>

#include "config/base/bytes.h"

namespace mj::test {

/// The body of a posted shot, taken apart by the words of server/openapi.yaml alone.
struct ReceivedShot {
  boost::json::object facts;
  std::string avc_config;
  Bytes access_unit;

  [[nodiscard]] std::string text(const char* key) const { return std::string(facts.at(key).as_string()); }
  [[nodiscard]] int64_t number(const char* key) const { return facts.at(key).as_int64(); }
  [[nodiscard]] bool key() const { return facts.at("key").as_bool(); }
};

/// Throws when the body is not what the contract says.
[[nodiscard]] ReceivedShot read_shot(const std::string& body);

}  // namespace mj::test
