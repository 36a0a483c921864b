#include "index/hall_time.h"

#include <unicode/gregocal.h>
#include <unicode/timezone.h>

#include <chrono>

namespace mj::index {

namespace {

constexpr int64_t kUsPerMs = 1000;

std::chrono::year_month_day calendar_day(const HallTime::Day& day) {
  return {std::chrono::year(day.year), std::chrono::month(static_cast<unsigned>(day.month)),
          std::chrono::day(static_cast<unsigned>(day.day))};
}

}  // namespace

struct HallTime::Impl {
  std::unique_ptr<icu::Calendar> calendar;
};

HallTime::HallTime(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HallTime::~HallTime() = default;
HallTime::HallTime(HallTime&&) noexcept = default;

Result<HallTime> HallTime::of(const std::string& timezone) {
  std::unique_ptr<icu::TimeZone> zone(icu::TimeZone::createTimeZone(icu::UnicodeString::fromUTF8(timezone)));
  if (!zone || *zone == icu::TimeZone::getUnknown())
    return fail(ErrorKind::invalid, "no time zone \"{}\"", timezone);
  UErrorCode code = U_ZERO_ERROR;
  auto impl = std::make_unique<Impl>();
  impl->calendar = std::make_unique<icu::GregorianCalendar>(zone.release(), code);
  if (U_FAILURE(code)) return fail(ErrorKind::internal, "ICU has no calendar: {}", u_errorName(code));
  return HallTime(std::move(impl));
}

HallTime::Day HallTime::day_of(WallTime time) const {
  UErrorCode code = U_ZERO_ERROR;
  auto& calendar = *impl_->calendar;
  calendar.setTime(static_cast<double>(to_us(time) / kUsPerMs), code);
  return {calendar.get(UCAL_YEAR, code), calendar.get(UCAL_MONTH, code) + 1, calendar.get(UCAL_DATE, code)};
}

WallTime HallTime::at(const Day& day, int seconds) const {
  UErrorCode code = U_ZERO_ERROR;
  auto& calendar = *impl_->calendar;
  calendar.clear();
  calendar.set(day.year, day.month - 1, day.day, seconds / 3600, seconds / 60 % 60, seconds % 60);
  return from_us(static_cast<int64_t>(calendar.getTime(code)) * kUsPerMs);
}

bool HallTime::exists(const Day& day) {
  return day.year >= 2000 && day.year <= 2100 && day.month >= 1 && day.day >= 1 && calendar_day(day).ok();
}

HallTime::Day HallTime::plus(const Day& day, int days) {
  const std::chrono::year_month_day moved(std::chrono::sys_days(calendar_day(day)) + std::chrono::days(days));
  return {static_cast<int>(moved.year()), static_cast<int>(static_cast<unsigned>(moved.month())),
          static_cast<int>(static_cast<unsigned>(moved.day()))};
}

int HallTime::weekday_of(const Day& day) {
  const std::chrono::weekday weekday{std::chrono::sys_days(calendar_day(day))};
  return static_cast<int>(weekday.iso_encoding()) - 1;
}

}  // namespace mj::index
