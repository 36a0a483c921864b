#include "tests/bench/index/measure.h"

#include <algorithm>

#include "index/search.h"
#include "index/sqlite.h"
#include "tests/bench/index/fill.h"
#include "tests/bench/index/words.h"

namespace mj::bench {

namespace {

constexpr const char* kCaseWithVisits =
    "SELECT number FROM cases WHERE id >= ?1 AND EXISTS (SELECT 1 FROM links WHERE case_id = cases.id) ORDER "
    "BY id LIMIT 1";
constexpr const char* kNewestCase = "SELECT max(id) FROM cases";
constexpr int kWarmCases = 500;
constexpr int kColdCases = 60;
constexpr int kSearches = 300;

Result<std::unique_ptr<index::Index>> open(const std::filesystem::path& directory, const Clock& clock) {
  return index::Index::open(directory, clock);
}

/// Times one question per item; the first error ends it.
template <class Item, class Question>
Result<std::vector<double>> times_of(const std::vector<Item>& items, Question&& question) {
  std::vector<double> times;
  for (const auto& item : items) {
    Result<void> asked;
    times.push_back(milliseconds_of([&] { asked = question(item); }));
    MJ_CHECK(asked);
  }
  return times;
}

Result<void> ask_case(const index::Index& index, const std::string& number) {
  MJ_TRY(const auto answer, index.case_answer(number));
  if (answer.visits.empty()) return fail(ErrorKind::internal, "case {} has no visit", number);
  return {};
}

Result<void> measure_cases(const std::filesystem::path& directory, const Clock& clock, Figures& figures) {
  Random random(21);
  MJ_TRY(const auto cold, some_cases(directory, kColdCases, random));
  MJ_TRY(const auto warm, some_cases(directory, kWarmCases, random));
  MJ_TRY(auto index, open(directory, clock));
  const auto ask = [&](const std::string& number) { return ask_case(*index, number); };
  // The first round brings the pages into the kernel's memory: what a disk takes to read them is not asked
  // here.
  for (const auto* numbers : {&cold, &warm}) MJ_CHECK(times_of(*numbers, ask));
  MJ_TRY(const auto warm_times, times_of(warm, ask));
  figures["case_p95_ms_warm"] = percentile(warm_times, 95);
  std::vector<double> cold_times;
  for (const auto& number : cold) {
    index.reset();
    MJ_TRY(index, open(directory, clock));  // connections that have read nothing and prepared nothing
    MJ_TRY(const auto time, times_of(std::vector{number}, ask));
    cold_times.push_back(time.front());
  }
  figures["case_p95_ms_cold"] = percentile(cold_times, 95);
  return {};
}

Result<void> measure_search(const std::filesystem::path& directory, const Clock& clock, Figures& figures) {
  Random random(22);
  MJ_TRY(auto numbers, some_cases(directory, kSearches, random));
  for (auto& number : numbers)
    number = number.substr(number.size() - static_cast<std::size_t>(random.between(4, 6)));
  MJ_TRY(const auto index, open(directory, clock));
  MJ_TRY(const auto times, times_of(numbers, [&](const std::string& end) -> Result<void> {
           MJ_TRY(const auto hits, index->search_cases(end, 20));
           if (hits.empty()) return fail(ErrorKind::internal, "no case ends in {}", end);
           return {};
         }));
  figures["suffix_p95_ms"] = percentile(times, 95);
  return {};
}

Result<void> measure_text(const std::filesystem::path& directory, const Clock& clock, Figures& figures) {
  Random random(24);
  const auto queries = text_queries(random, kSearches);
  MJ_TRY(const auto index, open(directory, clock));
  std::vector<double> times;
  int found = 0, cut = 0;
  for (const auto& query : queries) {
    Result<index::SearchAnswer> answer;
    times.push_back(
        milliseconds_of([&] { answer = index::Search(*index).find(query, "Asia/Shanghai", 20); }));
    MJ_CHECK(answer);
    found += answer->titles.empty() && answer->items.empty() && answer->notes.empty() ? 0 : 1;
    cut += answer->complete ? 0 : 1;
  }
  spdlog::info("text: {} of {} queries found something, {} were cut off", found, queries.size(), cut);
  if (found == 0) return fail(ErrorKind::internal, "no text was found");
  figures["text_p95_ms"] = percentile(times, 95);
  figures["text_p50_ms"] = percentile(times, 50);
  figures["text_cut_off"] = cut;
  return {};
}

/// A day of all cameras' main streams as a timeline of a screen's width asks for it; then 90 days.
Result<void> measure_lanes(const std::filesystem::path& directory, const Scale& scale, const Clock& clock,
                           Figures& figures) {
  MJ_TRY(const auto index, open(directory, clock));
  index::LaneQuery query;
  for (int i = 1; i <= scale.cameras; ++i) query.streams.push_back(fmt::format("cam-{:03}.main", i));
  query.to = kEnd;
  const auto ask = [&](Duration length) -> Result<void> {
    query.from = query.to - length;
    MJ_TRY(const auto lanes, index::Timeline(*index).lanes(query));
    if (lanes.lanes.size() != query.streams.size()) return fail(ErrorKind::internal, "a lane is missing");
    return {};
  };
  MJ_TRY(const auto days, times_of(std::vector<Duration>(20, kDay), ask));
  MJ_TRY(const auto quarters, times_of(std::vector<Duration>(5, 90 * kDay), ask));
  figures["lanes_day_ms"] = percentile(days, 95);
  figures["lanes_90d_ms"] = percentile(quarters, 95);
  return {};
}

}  // namespace

double percentile(std::vector<double> values, double of_hundred) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const auto rank = static_cast<std::size_t>(of_hundred / 100 * static_cast<double>(values.size() - 1) + 0.5);
  return values[rank];
}

Result<std::vector<std::string>> some_cases(const std::filesystem::path& directory, int count,
                                            Random& random) {
  MJ_TRY(const auto database, index::Database::open(directory / "index.db", index::Database::Mode::read));
  MJ_TRY(const auto newest,
         database->first(kNewestCase, [](const index::Statement& row) { return row.integer(0); }));
  std::vector<std::string> numbers;
  while (numbers.size() < static_cast<std::size_t>(count)) {
    const int64_t from = random.between(1, newest.value_or(1) - 1);
    MJ_TRY(const auto number,
           database->first(
               kCaseWithVisits, [](const index::Statement& row) { return row.text(0); }, from));
    if (number) numbers.push_back(*number);
  }
  return numbers;
}

Result<void> measure_queries(const std::filesystem::path& directory, const Scale& scale, Figures& figures) {
  StandingClock clock;
  MJ_CHECK(measure_cases(directory, clock, figures));
  MJ_CHECK(measure_lanes(directory, scale, clock, figures));
  MJ_CHECK(measure_search(directory, clock, figures));
  return measure_text(directory, clock, figures);
}

Result<void> measure_sizes(const std::filesystem::path& directory, Figures& figures) {
  MJ_TRY(const auto sizes, index::read_sizes(directory));
  for (const auto& [table, rows, bytes, index_bytes] : sizes.tables) {
    const auto all = static_cast<double>(bytes + index_bytes);
    spdlog::info("size: {:>16} {:>9.1f} MB with its indexes", table, all / 1e6);
    if (table == "segments") figures["segment_rows"] = static_cast<double>(rows);
    if (table == "segments" && rows > 0) figures["bytes_per_segment"] = all / static_cast<double>(rows);
    if (table == "shots" && rows > 0) figures["bytes_per_shot"] = all / static_cast<double>(rows);
  }
  return {};
}

Result<void> measure_flatness(const std::filesystem::path& scratch, Figures& figures) {
  StandingClock clock;
  std::vector<double> costs;
  for (const int days : {1, 90}) {
    // A hall of six cameras and two screens: what is asked is the same, how much lies beside it is not.
    const Scale scale{
        .footage_days = days, .case_days = days, .visits = days * kWindows, .cameras = 6, .screens = 2};
    const auto directory = scratch / fmt::format("flat-{}", days);
    MJ_CHECK(fill(directory, scale));
    Random random(23);
    MJ_TRY(const auto numbers, some_cases(directory, kWarmCases, random));
    MJ_TRY(const auto index, open(directory, clock));
    const auto ask = [&](const std::string& number) -> Result<void> {
      MJ_CHECK(ask_case(*index, number));
      const WallTime from = kEnd - Duration(random.between(1, kDay.count()));
      MJ_CHECK(index->fragments("cam-001.main", from, from + std::chrono::minutes(2)));
      MJ_CHECK(index->coverage("cam-001.main", from, from + std::chrono::minutes(10)));
      MJ_CHECK(index->search_cases(number.substr(number.size() - 6), 20));
      MJ_CHECK(index::Timeline(*index).lanes({{}, kEnd - kDay, kEnd, 1'000}));
      return {};
    };
    MJ_CHECK(times_of(numbers, ask));
    MJ_TRY(const auto times, times_of(numbers, ask));
    costs.push_back(percentile(times, 50));
    spdlog::info("flatness: {} days: {:.3f} ms for one of each question", days, costs.back());
    std::filesystem::remove_all(directory);
  }
  figures["flatness"] = costs[1] / costs[0];
  return {};
}

}  // namespace mj::bench
