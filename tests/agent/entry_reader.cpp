#include "tests/agent/entry_reader.h"

#include <openssl/evp.h>

#include <stdexcept>

namespace mj::test {

namespace {

/// The next `size` bytes, which are then gone from `rest`.
std::string_view take(std::string_view& rest, std::size_t size) {
  if (rest.size() < size) throw std::runtime_error("an entry is cut short");
  const std::string_view part = rest.substr(0, size);
  rest.remove_prefix(size);
  return part;
}

uint64_t take_number(std::string_view& rest, std::size_t size) {
  const std::string_view bytes = take(rest, size);
  uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value |= uint64_t{static_cast<uint8_t>(bytes[i])} << (8 * i);
  return value;
}

std::string hash_of(std::string_view bytes) {
  Digest digest{};
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  return to_hex(digest);
}

ReceivedEntry read_entry(std::string_view rest) {
  ReceivedEntry entry;
  entry.chain = hash_of(rest);
  if (take(rest, 4) != "MJE1") throw std::runtime_error("no MJE1");
  entry.number = take_number(rest, 8);
  entry.previous = to_hex(as_bytes(take(rest, 32)));
  const std::string_view json = take(rest, take_number(rest, 4));
  entry.facts = boost::json::parse(boost::json::string_view(json.data(), json.size())).as_object();
  entry.avc_config = std::string(take(rest, take_number(rest, 4)));
  entry.access_unit.assign(rest.begin(), rest.end());
  return entry;
}

}  // namespace

std::vector<ReceivedEntry> read_entries(const std::string& body) {
  std::vector<ReceivedEntry> entries;
  for (std::string_view rest = body; !rest.empty();)
    entries.push_back(read_entry(take(rest, take_number(rest, 4))));
  return entries;
}

}  // namespace mj::test
