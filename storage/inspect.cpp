#include "storage/inspect.h"

#include "storage/fragment_walk.h"
#include "storage/layout.h"
#include "storage/segment_label.h"
#include "storage/sha256.h"

namespace mj::storage {

namespace {

constexpr uint64_t kMaxFtyp = 4096;
constexpr uint64_t kMaxMoov = 1 << 20;
constexpr std::size_t kHashBlock = 1 << 20;

tl::unexpected<Error> corrupt(const SegmentRef& segment, std::string_view what) {
  return fail(ErrorKind::corrupt, "{}: {}", segment_path(segment), what);
}

/// One box of the head, whole. Errors: corrupt (another type, torn, or larger than `limit`).
Result<Bytes> read_head_box(FileWindow& window, const SegmentRef& segment, uint64_t at, std::string_view type,
                            uint64_t limit) {
  MJ_TRY(const BytesView head, window.at(at, 16));
  const auto header = read_box_header(head, window.bytes() - std::min(at, window.bytes()));
  if (!header || header->bytes > limit || as_text(head.subspan(4, 4)) != type) {
    return corrupt(segment, fmt::format("no whole {} box at offset {}", type, at));
  }
  MJ_TRY(const BytesView whole, window.at(at, header->bytes));
  if (whole.size() < header->bytes || header->header_bytes != 8) {
    return corrupt(segment, fmt::format("{} at offset {} is cut", type, at));
  }
  return Bytes(whole.begin(), whole.end());
}

Result<SegmentLabel> read_label(FileWindow& window, FoundSegment& found, uint64_t at) {
  MJ_TRY(const Bytes box, read_head_box(window, found.segment, at, "uuid", kMaxLabelBytes + 8));
  const BytesView payload = BytesView(box).subspan(8);
  if (payload.size() < kLabelType.size() ||
      !std::equal(kLabelType.begin(), kLabelType.end(), payload.begin())) {
    return corrupt(found.segment, "the uuid box behind moov is not ours");
  }
  auto label = parse_label(payload.subspan(kLabelType.size()));
  if (!label) return tl::unexpected(label.error().within(segment_path(found.segment)));
  if (label->stream != found.segment.stream || label->start != found.segment.start) {
    return corrupt(found.segment, "its label names another segment: the file was moved or renamed");
  }
  found.header_bytes = static_cast<uint32_t>(at + box.size());
  found.previous = label->previous;
  return label;
}

/// ftyp, moov and label; returns the tracks.
Result<std::vector<Track>> read_head(FileWindow& window, FoundSegment& found) {
  MJ_TRY(Bytes init, read_head_box(window, found.segment, 0, "ftyp", kMaxFtyp));
  MJ_TRY(const Bytes moov, read_head_box(window, found.segment, init.size(), "moov", kMaxMoov));
  init.insert(init.end(), moov.begin(), moov.end());
  MJ_TRY(std::vector<Track> tracks, parse_tracks(BytesView(moov).subspan(8)));
  MJ_TRY(SegmentLabel label, read_label(window, found, init.size()));
  auto run = std::make_shared<capture::Run>();
  run->stream = label.stream;
  run->start = label.run_start;
  run->mime = std::move(label.mime);
  run->width = label.width;
  run->height = label.height;
  run->audio = std::move(label.audio);
  run->time_error = label.time_error;
  MJ_TRY(run->video_init, video_only(init));
  run->init = std::move(init);
  found.run = std::move(run);
  return tracks;
}

Result<Digest> hash(const File& file, uint64_t bytes) {
  Sha256 sha;
  Bytes block(std::min<uint64_t>(kHashBlock, bytes));
  for (uint64_t at = 0; at < bytes;) {
    const std::span<uint8_t> want = std::span(block).first(std::min<uint64_t>(block.size(), bytes - at));
    MJ_TRY(const std::size_t got, file.read(at, want));
    if (got < want.size()) return fail(ErrorKind::corrupt, "the file became shorter while it was read");
    sha.update(want);
    at += got;
  }
  return sha.digest();
}

}  // namespace

Result<FoundSegment> inspect_file(const File& file, const SegmentRef& segment, bool with_hash) {
  MJ_TRY(const FileFacts facts, file.facts());
  FoundSegment found;
  found.segment = segment;
  found.end = segment.start;
  found.file_bytes = facts.bytes;
  FileWindow window(file, facts.bytes);
  MJ_TRY(const std::vector<Track> tracks, read_head(window, found));
  MJ_CHECK(FragmentWalk(window, tracks, found).run(found.header_bytes));
  if (with_hash) {
    MJ_TRY(found.sha256, hash(file, found.bytes));
  }
  return found;
}

Result<FoundSegment> inspect(const std::filesystem::path& root, const SegmentRef& segment, bool with_hash) {
  MJ_TRY(const std::shared_ptr<Tree> tree, posix_file_system().open_tree(root));
  MJ_TRY(const std::unique_ptr<File> file, tree->open(segment_path(segment), false));
  return inspect_file(*file, segment, with_hash);
}

}  // namespace mj::storage
