#include "config/base/time.h"

#include <limits>
#include <optional>

namespace mj {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;

/// value * factor + addend, kept within int64: times come from cameras, and a camera may send anything.
int64_t saturating_mul_add(int64_t value, int64_t factor, int64_t addend) {
  int64_t result = 0;
  if (__builtin_mul_overflow(value, factor, &result) || __builtin_add_overflow(result, addend, &result)) {
    return value < 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
  }
  return result;
}

/// value * to / from, rounded to nearest. Whole seconds and the rest apart, so that nothing overflows in
/// between.
int64_t rescale(int64_t value, int64_t from, int64_t to) {
  int64_t whole = value / from;
  int64_t rest = value % from;
  if (rest < 0) {
    rest += from;
    --whole;
  }
  // rest * to < 2^32 * 10^6 < 2^53.
  return saturating_mul_add(whole, to, (rest * to + from / 2) / from);
}

/// Reads a text from its front; every step fails for good once one has failed.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  std::optional<int> digits(size_t count) {
    if (rest_.size() < count) return std::nullopt;
    int value = 0;
    for (size_t i = 0; i < count; ++i) {
      if (!is_digit(rest_[i])) return std::nullopt;
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }

  bool one_of(std::string_view accepted) {
    if (rest_.empty() || accepted.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }

  /// The digits after the decimal point as microseconds; what is finer is cut off. 1 to 9 digits.
  std::optional<int> fraction() {
    int micros = 0;
    size_t count = 0;
    for (; count < rest_.size() && is_digit(rest_[count]); ++count) {
      if (count < 6) micros = micros * 10 + (rest_[count] - '0');
    }
    if (count < 1 || count > 9) return std::nullopt;
    rest_.remove_prefix(count);
    for (size_t i = count; i < 6; ++i) micros *= 10;
    return micros;
  }

  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  std::string_view rest_;
};

std::optional<std::chrono::sys_days> read_date(Reader& reader) {
  const auto year = reader.digits(4);
  if (!year || !reader.one_of("-")) return std::nullopt;
  const auto month = reader.digits(2);
  if (!month || !reader.one_of("-")) return std::nullopt;
  const auto day = reader.digits(2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days{date};
}

std::optional<Duration> read_time_of_day(Reader& reader) {
  const auto hour = reader.digits(2);
  if (!hour || *hour > 23 || !reader.one_of(":")) return std::nullopt;
  const auto minute = reader.digits(2);
  if (!minute || *minute > 59 || !reader.one_of(":")) return std::nullopt;
  const auto second = reader.digits(2);
  // 60 is a leap second (RFC 3339 §5.7); UTC as machines count it has none, so it is the next minute's first.
  if (!second || *second > 60) return std::nullopt;
  int micros = 0;
  if (reader.one_of(".")) {
    const auto fraction = reader.fraction();
    if (!fraction) return std::nullopt;
    micros = *fraction;
  }
  return std::chrono::hours{*hour} + std::chrono::minutes{*minute} + std::chrono::seconds{*second} +
         std::chrono::microseconds{micros};
}

std::optional<Duration> read_offset(Reader& reader) {
  if (reader.one_of("Zz")) return Duration::zero();
  const bool east = reader.one_of("+");
  if (!east && !reader.one_of("-")) return std::nullopt;
  const auto hours = reader.digits(2);
  if (!hours || *hours > 23 || !reader.one_of(":")) return std::nullopt;
  const auto minutes = reader.digits(2);
  if (!minutes || *minutes > 59) return std::nullopt;
  const Duration offset = std::chrono::hours{*hours} + std::chrono::minutes{*minutes};
  return east ? offset : -offset;
}

std::optional<WallTime> read_rfc3339(std::string_view text) {
  Reader reader(text);
  const auto date = read_date(reader);
  if (!date || !reader.one_of("Tt ")) return std::nullopt;
  const auto time_of_day = read_time_of_day(reader);
  if (!time_of_day) return std::nullopt;
  const auto offset = read_offset(reader);
  if (!offset || !reader.at_end()) return std::nullopt;
  return WallTime{*date} + *time_of_day - *offset;
}

}  // namespace

int64_t to_ticks(Duration duration, uint32_t timescale) {
  return rescale(duration.count(), kMicrosPerSecond, timescale);
}

Duration from_ticks(int64_t ticks, uint32_t timescale) {
  if (timescale == 0) return Duration::zero();
  return Duration{rescale(ticks, timescale, kMicrosPerSecond)};
}

Result<WallTime> parse_rfc3339(std::string_view text) {
  const auto time = read_rfc3339(text);
  if (!time) {
    return fail(ErrorKind::invalid, "\"{}\" is not a time like 2026-11-21T09:45:12.000+08:00 (RFC 3339)",
                text.substr(0, 40));
  }
  return *time;
}

std::string format_rfc3339(WallTime t) {
  const auto days = std::chrono::floor<std::chrono::days>(t);
  const std::chrono::year_month_day date{days};
  const std::chrono::hh_mm_ss time{t - days};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     time.subseconds().count());
}

WallTime SystemClock::now() const {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

SteadyTime SystemClock::steady_now() const {
  return std::chrono::steady_clock::now();
}

}  // namespace mj
