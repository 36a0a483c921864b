#pragma once

#include <vector>

#include "capture/agent/crypto.h"
#include "capture/agent/entry.h"

/// How entries lie in a file of the spool: 8 bytes "MJSPOOL1", 16 random bytes of salt, then records:
/// "MJSR", u32 bytes of what is sealed, u64 number, the sealed entry. The file's key comes from the
/// enrolment's secret and the salt, so that a number which had to be written again in a new file meets
/// another key.
namespace mj::agent {

struct RecordPlace {
  uint64_t number = 0;
  uint64_t offset = 0;  ///< of the record in its file
  uint32_t bytes = 0;   ///< of the whole record
  EntryKind kind = EntryKind::shot;
  bool key = false;

  /// A server that knows nothing of what came before can take it.
  [[nodiscard]] bool stands_alone() const { return key || kind == EntryKind::state; }
};

/// What a file turned out to hold.
struct ScannedFile {
  std::vector<RecordPlace> records;  ///< numbers grow
  Digest first_previous{};           ///< chain hash that the first record continues
  EntryHead last;                    ///< of the last record; meaningless without records
  Digest last_hash{};
  uint64_t good_bytes = 0;     ///< where the last good record ends; what follows is torn
  uint64_t damaged_bytes = 0;  ///< not readable, with good records behind
};

inline constexpr std::size_t kSpoolHeadBytes = 24;

/// The first bytes of a new file. Errors: internal (no randomness).
[[nodiscard]] Result<Bytes> make_spool_head();
/// Errors: corrupt (not the head of a spool's file).
[[nodiscard]] Result<Seal> seal_of_file(BytesView head, BytesView secret);

[[nodiscard]] Result<Bytes> make_record(const Seal& seal, uint64_t number, BytesView entry);
/// The entry in a record. Errors: corrupt (damaged, or another number's).
[[nodiscard]] Result<Bytes> open_record(const Seal& seal, BytesView record, uint64_t number);

/// Reads a whole file, record by record, each of them authenticated. Damage is stepped over to the next
/// record that is whole.
[[nodiscard]] ScannedFile scan_file(const Seal& seal, BytesView file);

}  // namespace mj::agent
