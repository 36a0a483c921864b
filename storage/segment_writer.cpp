#include "storage/segment_writer.h"

#include <algorithm>

#include "storage/layout.h"
#include "storage/segment_label.h"

namespace mj::storage {

namespace {

constexpr std::size_t kSlotBytes = 8;

using Slots = std::vector<std::array<uint8_t, kSlotBytes>>;

/// The slots' new values: decode times of a file count from its start. Audio may begin a few milliseconds
/// before the picture that starts the file; time has no sign in tfdt, so that begins at zero too.
Result<Slots> shifted_times(const capture::Fragment& fragment, WallTime segment_start) {
  Slots slots(fragment.decode_times.size());
  uint64_t free_from = 0;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const capture::DecodeTimeSlot& slot = fragment.decode_times[i];
    if (slot.offset < free_from || slot.offset + kSlotBytes > fragment.bytes->size() || slot.timescale == 0) {
      return fail(ErrorKind::invalid, "decode time {} at offset {} does not fit a fragment of {} bytes", i,
                  slot.offset, fragment.bytes->size());
    }
    free_from = slot.offset + kSlotBytes;
    const int64_t shift = to_ticks(segment_start - fragment.run->start, slot.timescale);
    put_number(slots[i], static_cast<uint64_t>(std::max<int64_t>(slot.ticks - shift, 0)));
  }
  return slots;
}

/// The payload cut at the slots, with `slots` in their places.
std::vector<BytesView> gather(const capture::Fragment& fragment, const Slots& slots) {
  const BytesView bytes = *fragment.bytes;
  std::vector<BytesView> parts;
  parts.reserve(2 * slots.size() + 1);
  std::size_t from = 0;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const std::size_t at = fragment.decode_times[i].offset;
    parts.push_back(bytes.subspan(from, at - from));
    parts.emplace_back(slots[i]);
    from = at + kSlotBytes;
  }
  parts.push_back(bytes.subspan(from));
  return parts;
}

SegmentLabel label_of(const SegmentRef& segment, const capture::Run& run, const Digest& previous) {
  SegmentLabel label;
  label.stream = segment.stream;
  label.start = segment.start;
  label.run_start = run.start;
  label.mime = run.mime;
  label.width = run.width;
  label.height = run.height;
  label.audio = run.audio;
  label.time_error = run.time_error;
  label.previous = previous;
  return label;
}

}  // namespace

SegmentWriter::SegmentWriter(std::shared_ptr<Tree> tree, std::unique_ptr<File> file, SegmentRef segment,
                             std::shared_ptr<const capture::Run> run, const Digest& previous)
    : tree_(std::move(tree)),
      file_(std::move(file)),
      segment_(std::move(segment)),
      run_(std::move(run)),
      previous_(previous) {}

Result<std::unique_ptr<SegmentWriter>> SegmentWriter::create(std::shared_ptr<Tree> tree, SegmentRef segment,
                                                             std::shared_ptr<const capture::Run> run,
                                                             const Digest& previous) {
  if (tree->open(segment_path(segment, false), false)) {
    return fail(ErrorKind::invalid, "{} exists: footage of this very instant is there already",
                segment_path(segment, false));
  }
  MJ_TRY(std::unique_ptr<File> file, tree->create(segment_path(segment)));
  std::unique_ptr<SegmentWriter> writer(
      new SegmentWriter(std::move(tree), std::move(file), std::move(segment), std::move(run), previous));
  if (auto written = writer->write_head(); !written) {
    static_cast<void>(writer->abandon());
    return tl::unexpected(std::move(written).error());
  }
  return writer;
}

Result<void> SegmentWriter::write_head() {
  MJ_TRY(const Bytes label, encode_label(label_of(segment_, *run_, previous_)));
  const std::array<BytesView, 2> parts{run_->init, label};
  MJ_CHECK(write_all(*file_, 0, parts));
  for (const BytesView part : parts) written_hash_.update(part);
  written_bytes_ = run_->init.size() + label.size();
  header_bytes_ = static_cast<uint32_t>(written_bytes_);
  return {};
}

Result<void> SegmentWriter::append(const capture::Fragment& fragment) {
  MJ_TRY(const Slots slots, shifted_times(fragment, segment_.start));
  const std::vector<BytesView> parts = gather(fragment, slots);
  MJ_CHECK(write_all(*file_, written_bytes_, parts));
  for (const BytesView part : parts) written_hash_.update(part);
  const auto bytes = static_cast<uint32_t>(fragment.bytes->size());
  pending_.push_back({FragmentPlace{fragment.start, fragment.end, written_bytes_, bytes, fragment.video_bytes,
                                    fragment.key_bytes},
                      fragment.shot});
  written_bytes_ += bytes;
  return {};
}

Result<void> SegmentWriter::cut_torn_tail() {
  return file_->truncate(written_bytes_);
}

Result<std::vector<SegmentWriter::Durable>> SegmentWriter::sync() {
  if (pending_.empty()) return std::vector<Durable>{};
  MJ_CHECK(file_->sync());
  if (!name_durable_) {
    MJ_CHECK(tree_->sync_directory(day_directory(segment_)));
  }
  return synced();
}

std::vector<SegmentWriter::Durable> SegmentWriter::synced() {
  name_durable_ = true;
  durable_hash_ = written_hash_;
  durable_bytes_ = written_bytes_;
  for (const Durable& fragment : pending_) durable_.push_back(fragment.place);
  return std::exchange(pending_, {});
}

Result<SegmentClosed> SegmentWriter::finish() {
  const std::string part = segment_path(segment_, true);
  MJ_CHECK(tree_->rename(part, segment_path(segment_, false)));
  segment_.open = false;
  MJ_CHECK(tree_->sync_directory(day_directory(segment_)));
  return closed(false);
}

SegmentClosed SegmentWriter::abandon() {
  pending_.clear();
  if (durable_.empty()) {
    if (auto removed = tree_->remove(segment_path(segment_)); !removed) {
      spdlog::warn("{}: holds nothing acknowledged and cannot be removed: {}", segment_path(segment_),
                   removed.error().message);
    }
    return closed(true);
  }
  const auto tidy = [this]() -> Result<void> {
    MJ_CHECK(file_->truncate(durable_bytes_));
    if (!segment_.open) return {};
    MJ_CHECK(tree_->rename(segment_path(segment_, true), segment_path(segment_, false)));
    segment_.open = false;
    return tree_->sync_directory(day_directory(segment_));
  };
  if (auto tidied = tidy(); !tidied) {
    spdlog::warn("{}: stays as it is until the next check: {}", segment_path(segment_),
                 tidied.error().message);
  }
  return closed(true);
}

SegmentClosed SegmentWriter::closed(bool suspect) const {
  return {segment_, durable_end(), durable_bytes_, durable_hash_.digest(), previous_, suspect, durable_};
}

}  // namespace mj::storage
