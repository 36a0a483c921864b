#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <optional>

#include "capture/agent/spool_files.h"
#include "capture/agent/spool_record.h"

namespace mj::agent {

struct SpoolSettings {
  int64_t budget_bytes = int64_t{500} * 1000 * 1000;
};

/// Entries in order, ready for the wire.
struct Batch {
  uint64_t first = 0;  ///< number of the first; 0: there is nothing
  uint64_t last = 0;   ///< no number between is missing
  Bytes bytes;
};

/// What `status` tells about it.
struct SpoolState {
  uint64_t first = 0, next = 1;  ///< numbers kept: [first, next); first == next: none
  int64_t bytes = 0, budget_bytes = 0;
  uint64_t lost = 0;  ///< entries that cannot be sent any more: damaged, or of no use without a damaged one
};

/// What the agent has recorded and the server may not have yet: numbered, chained and sealed, on this
/// machine's disk. A number is used once its entry is durable, never before and never twice; it is given up
/// when the server has it durably and no later entry needs it to be decoded.
///
/// Owner: main(), or a test; `files` must outlive it. Threads: all members from any. Does not: decide when to
/// record (thinning() says how much longer it should wait), send. Never drops what is not durable elsewhere.
/// Fails: append() leaves the spool as it was; a damaged record is named in the log and skipped, with the
/// shots that cannot be decoded without it.
class Spool {
 public:
  /// Reads and authenticates everything that is there. `secret` is the enrolment's. Errors: those of the
  /// disk.
  [[nodiscard]] static Result<std::unique_ptr<Spool>> open(SpoolFiles& files, BytesView secret,
                                                           const SpoolSettings& settings);

  /// Gives the entry its number and its place in the chain, and makes `at` later than the last one's. The
  /// number is returned once it is durable. Errors: no_space (budget or disk), invalid (too large, or more
  /// than may follow one key shot), others of the disk. After an error the encoder must begin anew.
  [[nodiscard]] Result<uint64_t> append(Entry entry);

  /// Entries from `from` on, or from the first later one that is of use: as many as fit into `max_bytes`, at
  /// least one.
  [[nodiscard]] Result<Batch> read(uint64_t from, std::size_t max_bytes);
  /// Where a server that begins anew at `number` must begin: there, if what is there stands alone, else at
  /// the key shot before that makes it decodable, else at the first later one that stands alone. Nothing:
  /// there is none.
  [[nodiscard]] std::optional<uint64_t> begin_for(uint64_t number) const;

  /// The server has all up to `durable` for good.
  void release(uint64_t durable);
  /// `number` was refused for ever: it and the shots that need it are given up.
  void give_up(uint64_t number);
  /// What the server wants next, before anything was sent since open(); later calls mean nothing. If it
  /// already has numbers that this spool never made (it was lost, or set back to an old copy), what was
  /// recorded since open() gets numbers from `next` on. Errors: as append(); to be tried again.
  [[nodiscard]] Result<void> continue_at(uint64_t next);

  /// See thinning.h.
  [[nodiscard]] int64_t thinning() const;
  /// True when the next shot must be a key: what follows the last one fills half a request, or was damaged.
  [[nodiscard]] bool key_due() const;
  [[nodiscard]] SpoolState state() const;
  /// The last entry; nothing when there never was one.
  [[nodiscard]] std::optional<EntryHead> last() const;

 private:
  struct File {
    std::string name;
    Seal seal;
    uint64_t bytes = 0;
  };
  struct Row {
    RecordPlace place;
    uint64_t file = 0;  ///< key of files_
  };
  using Rows = std::deque<Row>;
  /// Entries on their way to higher numbers.
  struct Moving {
    uint64_t from, end;  ///< numbers that have not moved yet
    uint64_t last_file;  ///< no later file holds any of them
  };

  Spool(SpoolFiles& files, BytesView secret, const SpoolSettings& settings);
  Result<void> load();
  Result<void> load_file(const std::string& name);
  void take_over(uint64_t file, const ScannedFile& scanned);
  Result<void> write(const Bytes& entry);
  Result<void> begin_file();
  Result<Bytes> read_row(const Row& row);
  void drop_useless(uint64_t number);
  [[nodiscard]] Rows::const_iterator at_or_after(uint64_t number) const;
  [[nodiscard]] Rows::const_iterator key_before(Rows::const_iterator row) const;
  [[nodiscard]] int64_t used() const;
  [[nodiscard]] int64_t free() const;

  SpoolFiles& files_disk_;
  const Bytes secret_;
  const SpoolSettings settings_;
  mutable std::mutex mutex_;  // of all below
  std::map<uint64_t, File> files_;
  Rows rows_;
  uint64_t file_sequence_ = 0;      ///< of the newest file there ever was
  std::optional<uint64_t> active_;  ///< key of the file that is written
  uint64_t next_ = 1;
  uint64_t own_from_ = 1;        ///< what has this number or more was recorded since open()
  uint64_t own_files_from_ = 1;  ///< and is in files from this one on
  Digest hash_before_own_{};     ///< of the entry before own_from_
  std::optional<Moving> moving_;
  bool settled_ = false;  ///< continue_at() has been called
  std::optional<EntryHead> last_;
  Digest last_hash_{};
  uint64_t since_key_bytes_ = 0;  ///< from the last key shot on, itself included
  uint64_t since_key_entries_ = 0;
  bool key_needed_ = true;
  uint64_t lost_ = 0;
};

}  // namespace mj::agent
