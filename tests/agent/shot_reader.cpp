#include "tests/agent/shot_reader.h"

#include <stdexcept>

namespace mj::test {

namespace {

/// The next `size` bytes, which are then gone from `rest`.
std::string_view take(std::string_view& rest, std::size_t size) {
  if (rest.size() < size) throw std::runtime_error("the shot is cut short");
  const std::string_view part = rest.substr(0, size);
  rest.remove_prefix(size);
  return part;
}

std::size_t take_u32(std::string_view& rest) {
  const std::string_view bytes = take(rest, 4);
  std::size_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value |= std::size_t{static_cast<uint8_t>(bytes[i])} << (8 * i);
  return value;
}

}  // namespace

ReceivedShot read_shot(const std::string& body) {
  std::string_view rest = body;
  if (take(rest, 4) != "MJS1") throw std::runtime_error("no MJS1");
  ReceivedShot shot;
  const std::string_view json = take(rest, take_u32(rest));
  shot.facts = boost::json::parse(boost::json::string_view(json.data(), json.size())).as_object();
  shot.avc_config = std::string(take(rest, take_u32(rest)));
  shot.access_unit.assign(rest.begin(), rest.end());
  return shot;
}

}  // namespace mj::test
