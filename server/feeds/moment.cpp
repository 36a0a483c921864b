#include "server/feeds/moment.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <vector>

#include "server/feeds/charset.h"

namespace mj::server {
namespace {

constexpr const char* kExpected = "a time such as 2026-11-21 09:45:12 or 2026/11/21 9:45 was expected";
constexpr double kFirstDay = 30'000;  // Excel's day numbers of 1982 …
constexpr double kLastDay = 80'000;   // … to 2119
constexpr double kDaySeconds = 86'400;

struct Moment {
  std::array<int, 6> parts{};  // year, month, day, hour, minute, second
  Duration fraction{0};
};

/// Removes `word`; true when it was there.
bool take_out(std::string& text, std::string_view word) {
  const auto at = text.find(word);
  if (at == std::string::npos) return false;
  text.replace(at, word.size(), " ");
  return true;
}

/// The runs of digits; empty when there is anything that no time holds.
std::vector<std::string> numbers_of(std::string_view text) {
  std::vector<std::string> numbers;
  bool in_number = false;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && std::string_view("-/.: T").find(c) == std::string_view::npos) return {};
    if (digit && !in_number) numbers.emplace_back();
    if (digit) numbers.back().push_back(c);
    in_number = digit;
  }
  return numbers;
}

/// 20261121 is three numbers, 094512 too.
std::vector<std::string> unpacked(const std::vector<std::string>& numbers) {
  std::vector<std::string> out;
  for (const std::string& number : numbers) {
    const bool date = out.empty() && (number.size() == 8 || number.size() == 12 || number.size() == 14);
    const bool time = out.size() == 3 && (number.size() == 4 || number.size() == 6);
    if (!date && !time) {
      out.push_back(number);
      continue;
    }
    if (date) out.push_back(number.substr(0, 4));
    for (size_t i = date ? 4 : 0; i < number.size(); i += 2) out.push_back(number.substr(i, 2));
  }
  return out;
}

Duration fraction_of(std::string digits) {
  digits.resize(6, '0');
  return Duration(std::strtoll(digits.c_str(), nullptr, 10));
}

/// Errors: not_found (it has another form).
Result<Moment> parts_of(std::string_view text) {
  std::string plain(text);
  for (const char* word : {"年", "月", "日", "时", "点", "分", "秒"}) take_out(plain, word);
  const bool afternoon = take_out(plain, "下午") || take_out(plain, "PM") || take_out(plain, "pm");
  const bool morning = take_out(plain, "上午") || take_out(plain, "AM") || take_out(plain, "am");
  const auto numbers = unpacked(numbers_of(trimmed(plain)));
  if (numbers.size() < 3 || numbers.size() > 7 || numbers[0].size() != 4) {
    return fail(ErrorKind::invalid, "{}", kExpected);
  }
  Moment moment;
  for (size_t i = 0; i < numbers.size() && i < moment.parts.size(); ++i) {
    if (i > 0 && numbers[i].size() > 2) return fail(ErrorKind::invalid, "{}", kExpected);
    moment.parts[i] = std::atoi(numbers[i].c_str());
  }
  if (numbers.size() == 7) moment.fraction = fraction_of(numbers[6]);
  int& hour = moment.parts[3];
  if (afternoon && hour < 12) hour += 12;
  if (morning && hour == 12) hour = 0;
  return moment;
}

Result<WallTime> local(const Moment& moment) {
  std::tm tm{};
  tm.tm_year = moment.parts[0] - 1900;
  tm.tm_mon = moment.parts[1] - 1;
  tm.tm_mday = moment.parts[2];
  tm.tm_hour = moment.parts[3];
  tm.tm_min = moment.parts[4];
  tm.tm_sec = moment.parts[5];
  tm.tm_isdst = -1;
  std::tm made = tm;
  const std::time_t seconds = std::mktime(&made);
  // mktime() makes 30 February the 2nd of March; what it changed does not exist.
  const bool same = made.tm_mon == tm.tm_mon && made.tm_mday == tm.tm_mday && made.tm_hour == tm.tm_hour &&
                    made.tm_min == tm.tm_min && made.tm_sec == tm.tm_sec;
  if (!same) return fail(ErrorKind::invalid, "there is no such time; {}", kExpected);
  return from_us(int64_t{seconds} * 1'000'000) + moment.fraction;
}

/// Databases write "2026-11-21 09:45:12.5+08": RFC 3339 with a blank for the T and minutes left out.
std::string as_rfc3339(std::string text) {
  if (text.size() > 10 && text[10] == ' ') text[10] = 'T';
  const auto sign = text.find_last_of("+-");
  if (sign != std::string::npos && sign > 10 && text.size() - sign == 3) text += ":00";
  return text;
}

/// Excel counts days from 1899-12-30; a cell without a date format shows that number.
std::optional<Moment> excel_day(std::string_view text) {
  double days = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), days);
  if (error != std::errc{} || end != text.data() + text.size() || days < kFirstDay || days > kLastDay)
    return {};
  const auto whole = static_cast<int>(days);
  const auto seconds = static_cast<int>((days - whole) * kDaySeconds + 0.5);
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::year{1899} / 12 / 30} +
                                         std::chrono::days(whole)};
  return Moment{
      {static_cast<int>(date.year()), static_cast<int>(static_cast<unsigned>(date.month())),
       static_cast<int>(static_cast<unsigned>(date.day())), seconds / 3600, seconds / 60 % 60, seconds % 60},
      Duration{0}};
}

}  // namespace

void use_time_zone(const std::string& iana_name) {
  setenv("TZ", iana_name.c_str(), 1);
  tzset();
}

Result<WallTime> parse_moment(std::string_view text) {
  const std::string usual = usual_width(text);
  if (auto exact = parse_rfc3339(as_rfc3339(usual))) return exact;
  if (const auto day = excel_day(usual)) return local(*day);
  MJ_TRY(const Moment moment, parts_of(usual));
  return local(moment);
}

}  // namespace mj::server
