#include "capture/agent/shot_body.h"

#include <boost/json.hpp>

namespace mj::agent {

namespace {

void append_u32(std::string& out, std::size_t value) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>((value >> shift) & 0xFF);
}

}  // namespace

std::string shot_body(const capture::Shot& shot, Duration offset) {
  const boost::json::object facts{
      {"agent_time_us", to_us(shot.facts.agent_time)},
      {"offset_us", offset.count()},
      {"key", shot.key},
      {"nominal_ms", shot.nominal.count() / 1000},
      {"title", shot.facts.title},
      {"program", shot.facts.program},
      {"user", shot.facts.user},
      {"idle_ms", shot.facts.idle_ms},
      {"input_sha256", shot.facts.input_sha256},
  };
  const std::string json = boost::json::serialize(facts);
  std::string body = "MJS1";
  body.reserve(12 + json.size() + shot.avc_config.size() + shot.access_unit.size());
  append_u32(body, json.size());
  body += json;
  append_u32(body, shot.avc_config.size());
  body += shot.avc_config;
  body += as_text(shot.access_unit);
  return body;
}

}  // namespace mj::agent
