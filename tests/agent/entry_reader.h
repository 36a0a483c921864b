#pragma once

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "config/base/bytes.h"

namespace mj::test {

/// An entry of an agent, taken apart by the words of server/openapi.yaml alone.
struct ReceivedEntry {
  uint64_t number = 0;
  std::string previous;  ///< hex
  std::string chain;     ///< hex SHA-256 of this entry
  boost::json::object facts;
  std::string avc_config;
  Bytes access_unit;

  [[nodiscard]] std::string text(const char* name) const { return std::string(facts.at(name).as_string()); }
  [[nodiscard]] int64_t count(const char* name) const { return facts.at(name).as_int64(); }
  [[nodiscard]] std::string kind() const { return text("kind"); }
  [[nodiscard]] bool key() const { return facts.contains("key") && facts.at("key").as_bool(); }
};

/// Throws when the body is not what the contract says.
[[nodiscard]] std::vector<ReceivedEntry> read_entries(const std::string& body);

}  // namespace mj::test
