#include "index/query_reader.h"

#include <re2/re2.h>

#include <algorithm>
#include <cstdlib>

#include "index/grams.h"
#include "index/unicode.h"

namespace mj::index {

namespace {

constexpr Duration kAround = std::chrono::minutes(15);  // a time of day is remembered no better
constexpr int kHour = 3600;
constexpr int kDaySeconds = 24 * kHour;
constexpr int kHallOpens = 7;  // by the clock: no hall serves before
constexpr size_t kMostWords = 8;
constexpr size_t kMostWindows = 5;

// Each pattern's first group is what is taken out of the query; around it stands what keeps numbers whole.
#define MJ_BEFORE R"((?:^|[^0-9a-z.\-]))"
#define MJ_AFTER R"((?:$|[^0-9a-z\-]))"
#define MJ_NUMBER R"([0-9]{1,2}|[零一二两三四五六七八九十]{1,3})"
#define MJ_PART R"(上午|早上|早晨|凌晨|中午|下午|晚上|am|pm)"

/// The patterns, compiled once. All linear: RE2 has no others.
struct Patterns {
  RE2 full_day{MJ_BEFORE
               R"((([0-9]{4})(?:-|/|\.|年)([0-9]{1,2})(?:-|/|\.|月)([0-9]{1,2})(?:日|号)?))" MJ_AFTER};
  RE2 month_day{MJ_BEFORE R"((([0-9]{1,2})月([0-9]{1,2})(?:日|号)?))"};
  RE2 weekday{R"(((上?)(?:周|星期|礼拜)([一二三四五六日天])))"};
  RE2 named_day{R"((大前天|前天|昨天|昨日|今天|今日|yesterday|today))"};
  RE2 clock{MJ_BEFORE R"((()" MJ_PART R"()?\s*([0-9]{1,2}):([0-9]{2})(?::[0-9]{2})?\s*(am|pm)?))" MJ_AFTER};
  RE2 spoken_time{R"((()" MJ_PART R"()?\s*()" MJ_NUMBER
                  R"()(?:点|时)(半|一刻|三刻|(?:[0-9]{1,2}|[零一二三四五六七八九十]{1,3})分?)?))"};
  RE2 part_of_day{R"((上午|早上|早晨|中午|下午|晚上))"};
  RE2 window_first{
      R"((?:^|[^0-9a-z.\-])(([0-9]{1,4}|[一二三四五六七八九十]{1,3})\s*(?:号?(?:窗口|柜台|窗|柜|台)|号\s|号$)))"};
  RE2 window_last{R"((?:^|\s)((?:窗口|窗|柜台|window)\s*([0-9]{1,4})))" MJ_AFTER};
  RE2 ticket{R"((?:^|\s)((?:票号?\s*)?([a-z]{1,3}-?[0-9]{1,5})(?:号票?)?)(?:$|\s))"};
  RE2 bare_ticket{R"((?:^|\s)(票号?\s*([0-9]{1,6})))"};
};

const Patterns& patterns() {
  static const Patterns kPatterns;
  return kPatterns;
}

/// 0 … 99 in digits or Chinese numerals; -1 when it is none.
int number_from(const std::string& text) {
  if (text.empty()) return 0;
  if (text[0] >= '0' && text[0] <= '9') return std::atoi(text.c_str());
  const std::u32string_view digits = U"零一二三四五六七八九";
  int tens = 0, ones = 0;
  for (const char32_t point : code_points_of(text)) {
    const auto digit = point == U'两' ? 2 : static_cast<int>(digits.find(point));
    if (point == U'十') {
      tens = ones == 0 ? 1 : ones;
      ones = 0;
    } else if (digit < 0 || ones != 0) {
      return -1;
    } else {
      ones = digit;
    }
  }
  return tens * 10 + ones;
}

/// Where what was taken stood, a space: the words on both sides stay two.
void take_out(std::string& text, const re2::StringPiece& piece) {
  const auto offset = static_cast<size_t>(piece.data() - text.data());
  text.replace(offset, piece.size(), " ");
}

/// Reads one query. Thread and owner: one read_query().
class QueryReader {
 public:
  QueryReader(std::string folded, const std::vector<Named>& windows, const HallTime& hall_time, WallTime now)
      : text_(std::move(folded)),
        windows_(windows),
        hall_time_(hall_time),
        now_(now),
        today_(hall_time.day_of(now)) {}

  ReadQuery run() {
    read_day();
    read_time_of_day();
    tell_time();
    read_window();
    read_ticket();
    read_.words = split_words(text_, kMostWords);
    return std::move(read_);
  }

 private:
  void read_day() {
    re2::StringPiece piece;
    std::string year, month, day;
    if (RE2::PartialMatch(text_, patterns().full_day, &piece, &year, &month, &day)) {
      return take_day({number_from(year), number_from(month), number_from(day)}, piece);
    }
    if (RE2::PartialMatch(text_, patterns().month_day, &piece, &month, &day)) {
      HallTime::Day said{today_.year, number_from(month), number_from(day)};
      if (said > today_) --said.year;
      return take_day(said, piece);
    }
    std::string last, which;
    if (RE2::PartialMatch(text_, patterns().weekday, &piece, &last, &which)) {
      return take_day(weekday(!last.empty(), which), piece);
    }
    if (RE2::PartialMatch(text_, patterns().named_day, &piece)) {
      const std::string word(piece);
      const int back = word == "大前天"                                      ? 3
                       : word == "前天"                                      ? 2
                       : word == "今天" || word == "今日" || word == "today" ? 0
                                                                             : 1;
      take_day(HallTime::plus(today_, -back), piece);
    }
  }

  /// The newest day of that name; with 上 the one of the week before this.
  [[nodiscard]] HallTime::Day weekday(bool last_week, const std::string& which) const {
    constexpr std::u32string_view kNames = U"一二三四五六日";
    const char32_t name = which == "天" ? U'日' : code_points_of(which).front();
    const int wanted = static_cast<int>(kNames.find(name));
    const int today = HallTime::weekday_of(today_);
    if (last_week) return HallTime::plus(today_, wanted - today - 7);
    return HallTime::plus(today_, wanted <= today ? wanted - today : wanted - today - 7);
  }

  void take_day(const HallTime::Day& day, const re2::StringPiece& piece) {
    if (!HallTime::exists(day)) return;
    day_ = day;
    take_out(text_, piece);
  }

  void read_time_of_day() {
    re2::StringPiece piece;
    std::string part, hour, minute, after;
    if (RE2::PartialMatch(text_, patterns().clock, &piece, &part, &hour, &minute, &after)) {
      return take_time(after.empty() ? part : after, hour, number_from(minute), piece);
    }
    if (RE2::PartialMatch(text_, patterns().spoken_time, &piece, &part, &hour, &minute)) {
      const int minutes = minute == "半"     ? 30
                          : minute == "一刻" ? 15
                          : minute == "三刻" ? 45
                                             : number_from(minute.substr(0, minute.find("分")));
      return take_time(part, hour, minutes, piece);
    }
    if (RE2::PartialMatch(text_, patterns().part_of_day, &part)) {
      const bool early = part != "下午" && part != "晚上" && part != "中午";
      const int noon = 12 * kHour;
      span_ = early            ? std::pair(0, noon)
              : part == "中午" ? std::pair(noon - kHour, noon + 2 * kHour)
                               : std::pair(noon, kDaySeconds);
      RE2::PartialMatch(text_, patterns().part_of_day, &piece);
      take_out(text_, piece);
    }
  }

  void take_time(const std::string& part, const std::string& said, int minute,
                 const re2::StringPiece& piece) {
    int hour = number_from(said);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return;
    const bool late = part == "下午" || part == "晚上" || part == "pm" || (part == "中午" && hour < 6);
    // 01:58 is how a clock of 24 hours shows it, 1:58 how one speaks of the afternoon.
    const bool unsaid = part.empty() && hour < kHallOpens && hour > 0 && !said.starts_with('0');
    if ((late || unsaid) && hour < 12) hour += 12;
    time_ = hour * kHour + minute * 60;
    take_out(text_, piece);
  }

  void tell_time() {
    if (time_) {
      WallTime moment = hall_time_.at(day_.value_or(today_), *time_);
      if (!day_ && moment > now_ + kAround) moment = hall_time_.at(HallTime::plus(today_, -1), *time_);
      read_.moment = moment;
      read_.from = moment - kAround;
      read_.to = moment + kAround;
    } else if (day_ || span_) {
      const auto [begin, end] = span_.value_or(std::pair(0, kDaySeconds));
      const auto day = day_.value_or(today_);
      read_.from = hall_time_.at(day, begin);
      read_.to = end == kDaySeconds ? hall_time_.at(HallTime::plus(day, 1), 0) : hall_time_.at(day, end);
    }
  }

  void read_window() {
    if (take_window_by_name()) return;
    re2::StringPiece piece;
    std::string number;
    if (!RE2::PartialMatch(text_, patterns().window_first, &piece, &number) &&
        !RE2::PartialMatch(text_, patterns().window_last, &piece, &number)) {
      return;
    }
    const int wanted = number_from(number);
    for (const auto& window : windows_) {
      if (read_.windows.size() < kMostWindows && has_number(window.name, wanted))
        read_.windows.push_back(window);
    }
    if (!read_.windows.empty()) take_out(text_, piece);
  }

  /// The longest name or id that the query holds, with no digit that would make it another's.
  bool take_window_by_name() {
    const Named* best = nullptr;
    size_t best_at = 0, best_size = 0;
    for (const auto& window : windows_) {
      for (const auto* name : {&window.name, &window.id}) {
        const auto folded = fold_text(*name);
        const auto at = folded && !folded->empty() ? text_.find(*folded) : std::string::npos;
        if (at == std::string::npos || folded->size() <= best_size || !stands_alone(at, folded->size()))
          continue;
        best = &window;
        best_at = at;
        best_size = folded->size();
      }
    }
    if (best == nullptr) return false;
    read_.windows.push_back(*best);
    text_.replace(best_at, best_size, " ");
    return true;
  }

  [[nodiscard]] bool stands_alone(size_t at, size_t size) const {
    const auto joins = [&](size_t place) {
      const char c = text_[place];
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-';
    };
    const size_t end = at + size;
    if (at > 0 && joins(at) && joins(at - 1)) return false;
    return end >= text_.size() || !joins(end) || !joins(end - 1);
  }

  /// Whether a name has this number among its digits: "综合窗口03" has 3.
  static bool has_number(const std::string& name, int number) {
    const auto folded = fold_text(name);
    if (!folded) return false;
    re2::StringPiece rest(*folded);
    static const RE2 kDigits("([0-9]{1,4})");
    std::string digits;
    while (RE2::FindAndConsume(&rest, kDigits, &digits)) {
      if (std::atoi(digits.c_str()) == number) return true;
    }
    return false;
  }

  void read_ticket() {
    re2::StringPiece piece;
    std::string ticket;
    if (!RE2::PartialMatch(text_, patterns().ticket, &piece, &ticket) &&
        !RE2::PartialMatch(text_, patterns().bare_ticket, &piece, &ticket)) {
      return;
    }
    read_.ticket = plain_ticket(ticket);
    take_out(text_, piece);
  }

  std::string text_;
  const std::vector<Named>& windows_;
  const HallTime& hall_time_;
  WallTime now_;
  HallTime::Day today_;
  std::optional<HallTime::Day> day_;
  std::optional<int> time_;                  ///< seconds after midnight
  std::optional<std::pair<int, int>> span_;  ///< likewise
  ReadQuery read_;
};

}  // namespace

Result<ReadQuery> read_query(std::string_view query, const std::vector<Named>& windows,
                             const HallTime& hall_time, WallTime now) {
  MJ_TRY(auto folded, fold_text(query));
  return QueryReader(std::move(folded), windows, hall_time, now).run();
}

std::string plain_ticket(std::string_view ticket) {
  const auto folded = fold_text(ticket);
  if (!folded) return {};
  static const RE2 kTicket(R"(\s*([^0-9\s-]*)[\s-]*0*([0-9]+)\s*)");
  std::string letters, number;
  if (!RE2::FullMatch(*folded, kTicket, &letters, &number)) return *folded;
  return letters + number;
}

}  // namespace mj::index
