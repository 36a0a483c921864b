#include "capture/agent/spool_record.h"

#include <algorithm>
#include <optional>

#include "capture/agent/little_endian.h"

namespace mj::agent {

namespace {

constexpr std::string_view kFileMagic = "MJSPOOL1";
constexpr std::string_view kRecordMagic = "MJSR";
constexpr std::size_t kRecordHeadBytes = 16;
constexpr std::string_view kPurpose = "mingjing agent spool 1";

/// The whole record that begins at `offset`, if one does and it is not cut off.
std::optional<BytesView> record_at(BytesView file, uint64_t offset) {
  const BytesView rest = file.subspan(offset);
  if (rest.size() < kRecordHeadBytes || as_text(rest.first(kRecordMagic.size())) != kRecordMagic)
    return std::nullopt;
  const uint64_t size = kRecordHeadBytes + uint64_t{read_u32(rest, 4)};
  if (size > rest.size()) return std::nullopt;
  return rest.first(size);
}

/// The first place from `offset` on where a record may begin; the end of the file when there is none.
uint64_t next_candidate(BytesView file, uint64_t offset) {
  const std::size_t found = as_text(file).find(kRecordMagic, offset);
  return found == std::string_view::npos ? file.size() : found;
}

}  // namespace

Result<Bytes> make_spool_head() {
  Bytes head(as_bytes(kFileMagic).begin(), as_bytes(kFileMagic).end());
  head.resize(kSpoolHeadBytes);
  MJ_CHECK(fill_random(std::span(head).subspan(kFileMagic.size())));
  return head;
}

Result<Seal> seal_of_file(BytesView head, BytesView secret) {
  if (head.size() < kSpoolHeadBytes || as_text(head.first(kFileMagic.size())) != kFileMagic)
    return fail(ErrorKind::corrupt, "not a file of the spool");
  return Seal::derive(secret, head.subspan(kFileMagic.size(), kSpoolHeadBytes - kFileMagic.size()), kPurpose);
}

Result<Bytes> make_record(const Seal& seal, uint64_t number, BytesView entry) {
  Bytes record;
  record.reserve(kRecordHeadBytes + entry.size() + Seal::kTagBytes);
  append(record, as_bytes(kRecordMagic));
  append_u32(record, entry.size() + Seal::kTagBytes);
  append_u64(record, number);
  MJ_TRY(const Bytes sealed, seal.close(number, record, entry));
  append(record, sealed);
  return record;
}

Result<Bytes> open_record(const Seal& seal, BytesView record, uint64_t number) {
  const auto whole = record_at(record, 0);
  if (!whole || whole->size() != record.size() || read_u64(record, 8) != number)
    return fail(ErrorKind::corrupt, "record {} is damaged", number);
  return seal.open(number, record.first(kRecordHeadBytes), record.subspan(kRecordHeadBytes));
}

ScannedFile scan_file(const Seal& seal, BytesView file) {
  ScannedFile scanned;
  scanned.good_bytes = std::min(file.size(), kSpoolHeadBytes);
  for (uint64_t at = scanned.good_bytes; at < file.size();) {
    const auto record = record_at(file, at);
    const uint64_t number = record ? read_u64(*record, 8) : 0;
    const auto entry = record ? open_record(seal, *record, number) : fail(ErrorKind::corrupt, "torn");
    auto head = entry ? read_head(*entry) : tl::unexpected(entry.error());
    if (!head || (!scanned.records.empty() && number <= scanned.last.number)) {
      at = next_candidate(file, at + 1);
      continue;
    }
    if (scanned.records.empty()) scanned.first_previous = head->previous;
    scanned.damaged_bytes += at - scanned.good_bytes;
    scanned.records.push_back({.number = number,
                               .offset = at,
                               .bytes = static_cast<uint32_t>(record->size()),
                               .kind = head->kind,
                               .key = head->key});
    scanned.last = std::move(*head);
    scanned.last_hash = chain_hash(*entry);
    at += record->size();
    scanned.good_bytes = at;
  }
  return scanned;
}

}  // namespace mj::agent
