#include "storage/segment_label.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "storage/layout.h"

namespace mj::storage {

namespace {

constexpr std::string_view kTitle = "mingjing segment 1";
/// Year 9999: arithmetic on any time below cannot overflow.
constexpr int64_t kLatestUs = 253'402'300'800'000'000;
constexpr int64_t kMaxPixels = 65'535;
constexpr int64_t kLongestRunUs = 10LL * 366 * 86'400 * 1'000'000;
// When the host's clock is set back, times stay where they are, and are wrong by the whole step.
constexpr int64_t kMaxErrorUs = kLatestUs;

using Lines = std::map<std::string_view, std::string_view>;

bool is_plain(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7f; });
}

Result<Lines> split(std::string_view text) {
  Lines lines;
  bool titled = false;
  while (!text.empty()) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return fail(ErrorKind::corrupt, "label: the last line is cut");
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (!titled) {
      if (line != kTitle) return fail(ErrorKind::corrupt, "label: does not begin with '{}'", kTitle);
      titled = true;
      continue;
    }
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) return fail(ErrorKind::corrupt, "label: a line without '='");
    lines[line.substr(0, equals)] = line.substr(equals + 1);
  }
  if (!titled) return fail(ErrorKind::corrupt, "label: empty");
  return lines;
}

Result<std::string_view> text_of(const Lines& lines, std::string_view name) {
  const auto found = lines.find(name);
  if (found == lines.end()) return fail(ErrorKind::corrupt, "label: no {}", name);
  return found->second;
}

Result<int64_t> number_of(const Lines& lines, std::string_view name, int64_t limit) {
  MJ_TRY(const std::string_view text, text_of(lines, name));
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0 || value > limit) {
    return fail(ErrorKind::corrupt, "label: {} is not a number from 0 to {}", name, limit);
  }
  return value;
}

Result<Digest> digest_of(const Lines& lines, std::string_view name) {
  MJ_TRY(const std::string_view text, text_of(lines, name));
  Digest digest{};
  if (text.size() != 2 * digest.size()) return fail(ErrorKind::corrupt, "label: {} is not a digest", name);
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const char* at = text.data() + 2 * i;
    if (std::from_chars(at, at + 2, digest[i], 16).ptr != at + 2) {
      return fail(ErrorKind::corrupt, "label: {} is not a digest", name);
    }
  }
  return digest;
}

}  // namespace

Result<Bytes> encode_label(const SegmentLabel& label) {
  if (!is_plain(label.mime) || !is_plain(label.audio)) {
    return fail(ErrorKind::invalid, "label: control characters in the run's description");
  }
  std::string text(reinterpret_cast<const char*>(kLabelType.data()), kLabelType.size());
  text += fmt::format(
      "{}\nstream={}\nsegment_start_us={}\nrun_start_us={}\nmime={}\nwidth={}\nheight={}\naudio={}\n"
      "time_error_us={}\nprevious_sha256={}\n",
      kTitle, label.stream, to_us(label.start), to_us(label.run_start), label.mime, label.width, label.height,
      label.audio, label.time_error.count(), to_hex(label.previous));
  if (text.size() > kMaxLabelBytes)
    return fail(ErrorKind::invalid, "label: longer than {} bytes", kMaxLabelBytes);
  return make_box(box_type("uuid"), as_bytes(text));
}

Result<SegmentLabel> parse_label(BytesView payload) {
  MJ_TRY(const Lines lines, split(as_text(payload)));
  SegmentLabel label;
  MJ_TRY(label.stream, text_of(lines, "stream"));
  if (!is_stream_key(label.stream)) return fail(ErrorKind::corrupt, "label: stream is not a stream's key");
  MJ_TRY(const int64_t start, number_of(lines, "segment_start_us", kLatestUs));
  MJ_TRY(const int64_t run_start, number_of(lines, "run_start_us", kLatestUs));
  MJ_TRY(const int64_t width, number_of(lines, "width", kMaxPixels));
  MJ_TRY(const int64_t height, number_of(lines, "height", kMaxPixels));
  MJ_TRY(const int64_t time_error, number_of(lines, "time_error_us", kMaxErrorUs));
  if (start < run_start || start - run_start > kLongestRunUs) {
    return fail(ErrorKind::corrupt, "label: the segment is not within ten years of its run's start");
  }
  label.start = from_us(start);
  label.run_start = from_us(run_start);
  label.width = static_cast<int>(width);
  label.height = static_cast<int>(height);
  label.time_error = Duration{time_error};
  MJ_TRY(label.mime, text_of(lines, "mime"));
  MJ_TRY(label.audio, text_of(lines, "audio"));
  MJ_TRY(label.previous, digest_of(lines, "previous_sha256"));
  return label;
}

}  // namespace mj::storage
