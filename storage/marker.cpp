#include "storage/marker.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>

#include "storage/layout.h"

namespace mj::storage {

namespace {

constexpr std::string_view kTitle = "mingjing store 1\n";
constexpr std::string_view kDraft = ".mingjing-store.new";
constexpr uint64_t kMaxMarkerBytes = 1024;

/// RFC 9562 version 4.
Result<std::string> new_uuid() {
  std::array<uint8_t, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    return fail(ErrorKind::internal, "no random numbers for a marker");
  }
  bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3f) | 0x80);
  std::string text = to_hex(bytes);
  for (const std::size_t at : {20, 16, 12, 8}) text.insert(at, "-");
  return text;
}

std::optional<std::string> value_of(std::string_view text, std::string_view name) {
  const auto at = text.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + name.size());
  const auto end = text.find('\n');
  if (end == std::string_view::npos || end == 0) return std::nullopt;
  return std::string(text.substr(0, end));
}

Result<void> write_draft(Tree& tree, const Marker& marker) {
  // Left by a start that was killed here; it means nothing before it has its name.
  if (auto old = tree.remove(std::string(kDraft)); !old && old.error().kind != ErrorKind::not_found)
    return old;
  MJ_TRY(const std::unique_ptr<File> file, tree.create(std::string(kDraft)));
  const std::string text = fmt::format("{}store={}\nuuid={}\n", kTitle, marker.store, marker.uuid);
  MJ_CHECK(write_all(*file, 0, std::array{as_bytes(text)}));
  return file->sync();
}

}  // namespace

bool is_housekeeping(const Entry& entry) {
  return entry.name == "lost+found" || entry.name == kMarkerFile || entry.name == kProbeFile ||
         entry.name == kDraft;
}

Result<bool> is_used(const Tree& tree) {
  MJ_TRY(const std::vector<Entry> entries, tree.list("."));
  return std::any_of(entries.begin(), entries.end(),
                     [](const Entry& entry) { return entry.name == kMarkerFile || !is_housekeeping(entry); });
}

Result<Marker> read_marker(const Tree& tree, const config::Store& store) {
  auto file = tree.open(std::string(kMarkerFile), false);
  if (!file && file.error().kind == ErrorKind::not_found) {
    return fail(ErrorKind::unavailable,
                "{} holds files but no marker {}: mount the store's disk there, or name an empty directory",
                store.path.string(), kMarkerFile);
  }
  if (!file) return tl::unexpected(file.error());
  MJ_TRY(const Bytes bytes, read_whole(**file, kMaxMarkerBytes));
  const std::string_view text = as_text(bytes);
  const auto id = value_of(text, "\nstore=");
  const auto uuid = value_of(text, "\nuuid=");
  if (!text.starts_with(kTitle) || !id || !uuid) {
    return fail(ErrorKind::corrupt, "{}/{} is not a store's marker: restore it, or name an empty directory",
                store.path.string(), kMarkerFile);
  }
  if (*id != store.id) {
    return fail(ErrorKind::unavailable,
                "{} is the disk of store '{}', not of '{}': mount the right one, or mend the "
                "path in the settings",
                store.path.string(), *id, store.id);
  }
  return Marker{*id, *uuid};
}

Result<Marker> write_marker(Tree& tree, const config::Store& store) {
  MJ_TRY(std::string uuid, new_uuid());
  Marker marker{store.id, std::move(uuid)};
  MJ_CHECK(write_draft(tree, marker));
  MJ_CHECK(tree.rename(std::string(kDraft), std::string(kMarkerFile)));
  MJ_CHECK(tree.sync_directory("."));
  return marker;
}

}  // namespace mj::storage
