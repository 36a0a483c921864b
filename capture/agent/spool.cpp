#include "capture/agent/spool.h"

#include <algorithm>
#include <charconv>

#include "capture/agent/thinning.h"

namespace mj::agent {

namespace {

constexpr std::string_view kSuffix = ".spool";
constexpr int64_t kMostFileBytes = int64_t{4} << 20;  // less where the budget is small
/// A request holds 32 MiB. A server that begins anew needs all from the last key shot on in one request.
constexpr uint64_t kMostSinceKey = uint64_t{31} << 20;
constexpr uint64_t kKeyDueAfter = uint64_t{16} << 20;
/// And so many entries; it takes twice as many in one request, and no more.
constexpr uint64_t kKeyDueAfterEntries = 1000;
constexpr uint64_t kMostInBatch = 3000;
constexpr Duration kTick = std::chrono::milliseconds(1);

std::string name_of(uint64_t sequence) {
  return fmt::format("{:012}{}", sequence, kSuffix);
}

/// The number in a file's name; nothing when it is not one of ours.
std::optional<uint64_t> sequence_of(std::string_view name) {
  if (!name.ends_with(kSuffix)) return std::nullopt;
  name.remove_suffix(kSuffix.size());
  uint64_t sequence = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), sequence);
  return error == std::errc() && end == name.data() + name.size() ? std::optional(sequence) : std::nullopt;
}

/// Trying again would not bring the bytes back.
bool is_damage(const Error& error) {
  return error.kind == ErrorKind::corrupt || error.kind == ErrorKind::not_found;
}

}  // namespace

Result<std::unique_ptr<Spool>> Spool::open(SpoolFiles& files, BytesView secret,
                                           const SpoolSettings& settings) {
  std::unique_ptr<Spool> spool(new Spool(files, secret, settings));
  MJ_CHECK(spool->load());
  return spool;
}

Spool::Spool(SpoolFiles& files, BytesView secret, const SpoolSettings& settings)
    : files_disk_(files), secret_(secret.begin(), secret.end()), settings_(settings) {}

Result<void> Spool::load() {
  MJ_TRY(const auto names, files_disk_.list());
  for (const std::string& name : names) {
    if (sequence_of(name)) MJ_CHECK(load_file(name));
  }
  own_from_ = next_;
  hash_before_own_ = last_hash_;
  own_files_from_ = file_sequence_ + 1;
  key_needed_ = true;  // the encoder is a new one
  if (!rows_.empty()) {
    spdlog::info("spool: numbers {} to {}, {} kB", rows_.front().place.number, next_ - 1, used() / 1000);
  }
  return {};
}

/// What an earlier process wrote counts only once it is durable: it may have died before it made it so.
Result<void> Spool::load_file(const std::string& name) {
  file_sequence_ = std::max(file_sequence_, *sequence_of(name));
  MJ_CHECK(files_disk_.sync(name));
  const auto bytes_read = files_disk_.read(name);
  const auto seal = bytes_read ? seal_of_file(*bytes_read, secret_) : tl::unexpected(bytes_read.error());
  if (!seal && !is_damage(seal.error())) return tl::unexpected(seal.error());
  if (!seal) {
    spdlog::error("spool: {} is left alone: {}", name, seal.error().message);
    return {};
  }
  const Bytes& bytes = *bytes_read;
  const ScannedFile scanned = scan_file(*seal, bytes);
  if (scanned.damaged_bytes > 0)
    spdlog::error("spool: {} bytes of {} are damaged", scanned.damaged_bytes, name);
  const uint64_t torn = bytes.size() - scanned.good_bytes;
  if (torn > 0) {
    spdlog::warn("spool: {} ends with {} bytes of an entry that was never finished", name, torn);
    MJ_CHECK(files_disk_.truncate(name, scanned.good_bytes));
  }
  if (scanned.records.empty()) return files_disk_.remove(name);
  const uint64_t sequence = *sequence_of(name);
  files_.insert_or_assign(sequence, File{name, *seal, scanned.good_bytes});
  take_over(sequence, scanned);
  return {};
}

/// A number that is in two files was written again after the first try failed: the later one counts.
void Spool::take_over(uint64_t file, const ScannedFile& scanned) {
  const uint64_t first = scanned.records.front().number;
  while (!rows_.empty() && rows_.back().place.number >= first) rows_.pop_back();
  if (!rows_.empty()) next_ = rows_.back().place.number + 1;
  const bool jumped = scanned.first_previous == last_hash_;  // by continue_at: nothing is missing
  bool any = last_.has_value();
  for (const RecordPlace& place : scanned.records) {
    const bool hole = any && place.number != next_ && !(jumped && place.number == first);
    if (hole && place.number > next_) {
      spdlog::error("spool: the entries {} to {} are gone", next_, place.number - 1);
      lost_ += place.number - next_;
    }
    any = true;
    next_ = place.number + 1;
    key_needed_ = (key_needed_ || hole) && !place.key;
    if (key_needed_ && place.kind == EntryKind::shot) {
      // At the front stands what is only still there because its file is.
      if (std::ranges::any_of(rows_, [](const Row& row) { return row.place.key; })) {
        spdlog::error("spool: entry {} is of no use without those before it", place.number);
        ++lost_;
      }
      continue;
    }
    rows_.push_back({place, file});
  }
  last_ = scanned.last;
  last_hash_ = scanned.last_hash;
}

Result<uint64_t> Spool::append(Entry entry) {
  const std::lock_guard lock(mutex_);
  if (last_) entry.at = std::max(entry.at, last_->at + kTick);
  const uint64_t number = next_;
  MJ_CHECK(write(encode_entry(entry, number, last_hash_)));
  return number;
}

/// The one place where entries enter: `entry` carries next_ and last_hash_.
Result<void> Spool::write(const Bytes& entry) {
  MJ_TRY(EntryHead head, read_head(entry));
  const bool key = head.key;
  if (head.kind == EntryKind::shot && !key && key_needed_)
    return fail(ErrorKind::invalid, "a key shot must come first");
  if ((key ? 0 : since_key_bytes_) + entry.size() > kMostSinceKey)
    return fail(ErrorKind::invalid, "an entry of {} bytes is more than one request can hold", entry.size());
  if (static_cast<int64_t>(entry.size()) > free() - int64_t{kSpoolHeadBytes} - 64)
    return fail(ErrorKind::no_space, "the spool has no room for {} bytes", entry.size());
  const int64_t file_limit = std::min(kMostFileBytes, settings_.budget_bytes / 16);
  if (!active_ || static_cast<int64_t>(files_.at(*active_).bytes) >= file_limit) MJ_CHECK(begin_file());
  File& file = files_.at(*active_);
  MJ_TRY(const Bytes record, make_record(file.seal, next_, entry));
  if (const auto written = files_disk_.append(file.name, record); !written) {
    // What is on the disk now is unknown. The number comes again, in a new file and so under another key.
    (void)files_disk_.truncate(file.name, file.bytes);
    active_.reset();
    return tl::unexpected(written.error().within("spool"));
  }
  rows_.push_back({{.number = next_,
                    .offset = file.bytes,
                    .bytes = static_cast<uint32_t>(record.size()),
                    .kind = head.kind,
                    .key = key},
                   *active_});
  file.bytes += record.size();
  since_key_bytes_ = key ? entry.size() : since_key_bytes_ + entry.size();
  since_key_entries_ = key ? 1 : since_key_entries_ + 1;
  if (key) key_needed_ = false;
  last_ = std::move(head);
  last_hash_ = chain_hash(entry);
  ++next_;
  return {};
}

Result<void> Spool::begin_file() {
  active_.reset();
  const uint64_t sequence = ++file_sequence_;
  MJ_TRY(const Bytes head, make_spool_head());
  MJ_TRY(Seal seal, seal_of_file(head, secret_));
  const std::string name = name_of(sequence);
  if (const auto created = files_disk_.create(name, head); !created) {
    (void)files_disk_.remove(name);
    return tl::unexpected(created.error().within("spool"));
  }
  files_.emplace(sequence, File{name, seal, head.size()});
  active_ = sequence;
  return {};
}

Spool::Rows::const_iterator Spool::at_or_after(uint64_t number) const {
  return std::ranges::lower_bound(rows_, number, {}, [](const Row& row) { return row.place.number; });
}

Result<Bytes> Spool::read_row(const Row& row) {
  const File& file = files_.at(row.file);
  MJ_TRY(const Bytes record, files_disk_.read(file.name, row.place.offset, row.place.bytes));
  return open_record(file.seal, record, row.place.number);
}

Result<Batch> Spool::read(uint64_t from, std::size_t max_bytes) {
  const std::lock_guard lock(mutex_);
  Batch batch;
  for (auto row = at_or_after(from); row != rows_.end(); row = at_or_after(from)) {
    const uint64_t number = row->place.number;
    const bool full =
        batch.bytes.size() + row->place.bytes > max_bytes || number - batch.first >= kMostInBatch;
    if (batch.first != 0 && (number != from || full)) break;
    const auto entry = read_row(*row);
    if (!entry) {
      spdlog::error("spool: {}", entry.error().message);
      if (!is_damage(entry.error())) return tl::unexpected(entry.error());
      drop_useless(number);
      continue;
    }
    if (batch.first == 0) batch.first = number;
    batch.last = number;
    batch.bytes.insert(batch.bytes.end(), entry->begin(), entry->end());
    from = number + 1;
  }
  return batch;
}

/// `number` is gone: so is every shot after it up to the next key.
void Spool::drop_useless(uint64_t number) {
  const auto begin = rows_.begin() + (at_or_after(number) - rows_.cbegin());
  if (begin == rows_.end() || begin->place.number != number) return;
  const bool shot = begin->place.kind == EntryKind::shot;
  const auto end =
      std::find_if(begin + 1, rows_.end(), [&](const Row& row) { return !shot || row.place.key; });
  spdlog::error("spool: the entries {} to {} cannot be sent", number, std::prev(end)->place.number);
  lost_ += static_cast<uint64_t>(end - begin);
  if (end == rows_.end() && shot) key_needed_ = true;
  rows_.erase(begin, end);
}

/// The last key shot before `row`; the end when there is none.
Spool::Rows::const_iterator Spool::key_before(Rows::const_iterator row) const {
  while (row != rows_.begin()) {
    if ((--row)->place.key) return row;
  }
  return rows_.end();
}

std::optional<uint64_t> Spool::begin_for(uint64_t number) const {
  const std::lock_guard lock(mutex_);
  auto row = at_or_after(number);
  if (row == rows_.end()) return std::nullopt;
  if (row->place.number == number && !row->place.stands_alone()) {
    const auto key = key_before(row);
    const bool whole = key != rows_.end() && number - key->place.number == static_cast<uint64_t>(row - key);
    if (whole) return key->place.number;
  }
  row = std::find_if(row, rows_.cend(), [](const Row& r) { return r.place.stands_alone(); });
  return row == rows_.end() ? std::nullopt : std::optional(row->place.number);
}

void Spool::release(uint64_t durable) {
  const std::lock_guard lock(mutex_);
  const auto keep = key_before(at_or_after(durable + 1));
  if (keep == rows_.end()) return;
  while (!files_.empty() && files_.begin()->first < keep->file && files_.begin()->first != active_) {
    const auto oldest = files_.begin();
    if (const auto removed = files_disk_.remove(oldest->second.name); !removed) {
      spdlog::warn("spool: {}", removed.error().message);
      return;
    }
    while (!rows_.empty() && rows_.front().file == oldest->first) rows_.pop_front();
    files_.erase(oldest);
  }
}

void Spool::give_up(uint64_t number) {
  const std::lock_guard lock(mutex_);
  drop_useless(number);
}

Result<void> Spool::continue_at(uint64_t next) {
  const std::lock_guard lock(mutex_);
  if (!moving_) {
    if (std::exchange(settled_, true) || next <= own_from_) return {};
    spdlog::warn("spool: the server has the numbers up to {} already; ours go on after them", next - 1);
    moving_ = Moving{own_from_, next_, file_sequence_};
    last_hash_ = hash_before_own_;
    next_ = std::max(next, next_);
    active_.reset();
  }
  for (; moving_->from < moving_->end; ++moving_->from) {
    const auto row = at_or_after(moving_->from);
    if (row == rows_.end() || row->place.number != moving_->from) continue;
    const auto entry = read_row(*row);
    const auto moved = entry ? write(renumbered(*entry, next_, last_hash_)) : tl::unexpected(entry.error());
    if (moved) continue;
    // Damaged, or of no use without one that is: it must not hold up the others.
    if (!is_damage(moved.error()) && moved.error().kind != ErrorKind::invalid) return moved;
    spdlog::error("spool: entry {} cannot be moved: {}", moving_->from, moved.error().message);
    key_needed_ = key_needed_ || row->place.kind == EntryKind::shot;
    ++lost_;
  }
  std::erase_if(
      rows_, [&](const Row& row) { return row.file >= own_files_from_ && row.file <= moving_->last_file; });
  for (auto file = files_.lower_bound(own_files_from_);
       file != files_.end() && file->first <= moving_->last_file;) {
    MJ_CHECK(files_disk_.remove(file->second.name));
    file = files_.erase(file);
  }
  moving_.reset();
  hash_before_own_ = last_hash_;
  own_from_ = next_;
  return {};
}

int64_t Spool::used() const {
  int64_t total = 0;
  for (const auto& [sequence, file] : files_) total += static_cast<int64_t>(file.bytes);
  return total;
}

/// Half of what the disk has left is not ours to take.
int64_t Spool::free() const {
  return std::max<int64_t>(0, std::min(settings_.budget_bytes - used(), files_disk_.available() / 2));
}

int64_t Spool::thinning() const {
  const std::lock_guard lock(mutex_);
  return agent::thinning(settings_.budget_bytes, free());
}

bool Spool::key_due() const {
  const std::lock_guard lock(mutex_);
  return key_needed_ || since_key_bytes_ > kKeyDueAfter || since_key_entries_ >= kKeyDueAfterEntries;
}

SpoolState Spool::state() const {
  const std::lock_guard lock(mutex_);
  return {.first = rows_.empty() ? next_ : rows_.front().place.number,
          .next = next_,
          .bytes = used(),
          .budget_bytes = settings_.budget_bytes,
          .lost = lost_};
}

std::optional<EntryHead> Spool::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

}  // namespace mj::agent
