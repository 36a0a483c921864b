#include "storage/layout.h"

#include <algorithm>
#include <charconv>

namespace mj::storage {

namespace {

constexpr std::string_view kFinal = ".mp4";
constexpr std::string_view kOpen = ".mp4.part";
constexpr std::size_t kMaxDeviceId = 48;

std::string day_of(WallTime t) {
  const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(t)};
  return fmt::format("{:04}{:02}{:02}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                     static_cast<unsigned>(day.day()));
}

bool cut_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

}  // namespace

bool is_stream_key(std::string_view text) {
  if (!cut_suffix(text, ".main") && !cut_suffix(text, ".sub") && !cut_suffix(text, ".screen")) return false;
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !text.empty() && text.size() <= kMaxDeviceId && std::all_of(text.begin(), text.end(), allowed);
}

std::string day_directory(const SegmentRef& segment) {
  return fmt::format("{}/{}", segment.stream, day_of(segment.start));
}

std::string segment_path(const SegmentRef& segment, bool open) {
  return fmt::format("{}/{}{}", day_directory(segment), to_us(segment.start), open ? kOpen : kFinal);
}

std::string segment_path(const SegmentRef& segment) {
  return segment_path(segment, segment.open);
}

std::optional<SegmentRef> parse_segment_path(std::string_view store, std::string_view stream,
                                             std::string_view day, std::string_view file) {
  if (!is_stream_key(stream)) return std::nullopt;
  std::string_view digits = file;
  const bool open = cut_suffix(digits, kOpen);
  if (!open && !cut_suffix(digits, kFinal)) return std::nullopt;
  int64_t start = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), start);
  if (error != std::errc{} || end != digits.data() + digits.size() || start < 0) return std::nullopt;
  SegmentRef segment{std::string(store), StreamKey(stream), from_us(start), open};
  // Spelling it again is the check: another day, a leading zero or a sign would be a second name for the same
  // segment.
  if (segment_path(segment) != fmt::format("{}/{}/{}", stream, day, file)) return std::nullopt;
  return segment;
}

}  // namespace mj::storage
