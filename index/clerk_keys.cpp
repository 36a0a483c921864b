#include "index/clerk_keys.h"

#include <algorithm>

#include "index/case_model.h"
#include "index/pinyin.h"

namespace mj::index {

namespace {

constexpr const char* kStale =
    "SELECT id, name FROM clerks WHERE NOT EXISTS"
    " (SELECT 1 FROM clerk_keys WHERE clerk = clerks.id AND clerk_keys.name = clerks.name)";
constexpr const char* kForget = "DELETE FROM clerk_keys WHERE clerk = ?1";
constexpr const char* kPut =
    "INSERT INTO clerk_keys (key, clerk, name) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";

/// Bytes of UTF-8 above ASCII: else a name needs no reading, and ICU's table is not made for it.
bool is_plain(const std::string& name) {
  return std::ranges::all_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

Result<void> refresh_clerk_keys(Database& database) {
  std::vector<Named> stale;
  MJ_CHECK(database.each(kStale, [&](const Statement& row) {
    if (!is_plain(row.text(1))) stale.push_back({row.text(0), row.text(1)});
  }));
  if (stale.empty()) return {};
  const auto pinyin = Pinyin::open();
  if (!pinyin) {
    spdlog::warn("index: clerks cannot be found by pinyin: {}", pinyin.error().message);
    return {};
  }
  for (const auto& clerk : stale) {
    MJ_CHECK(database.run(kForget, clerk.id));
    for (const auto& key : (*pinyin)->keys_of(clerk.name))
      MJ_CHECK(database.run(kPut, key, clerk.id, clerk.name));
  }
  return {};
}

}  // namespace mj::index
