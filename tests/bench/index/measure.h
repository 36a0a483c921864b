#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tests/bench/index/big_hall.h"

namespace mj::bench {

/// What the benchmark tells: by key of README.md.
using Figures = std::map<std::string, double>;

/// Of a list of times in any order.
[[nodiscard]] double percentile(std::vector<double> values, double of_hundred);

/// Milliseconds that `work` took by the wall clock.
template <class Work>
[[nodiscard]] double milliseconds_of(Work&& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

/// Numbers of `count` cases that have visits, drawn by chance.
[[nodiscard]] Result<std::vector<std::string>> some_cases(const std::filesystem::path& directory, int count,
                                                          Random& random);

/// Case answers, number search, lanes.
[[nodiscard]] Result<void> measure_queries(const std::filesystem::path& directory, const Scale& scale,
                                           Figures& figures);

/// What segments and shots cost the writer, and what readers feel of it. Adds rows behind the hall's end.
[[nodiscard]] Result<void> measure_ingest(const std::filesystem::path& directory, const Scale& scale,
                                          Duration length, Figures& figures);

/// Bytes of whole tables, slack of their trees and all.
[[nodiscard]] Result<void> measure_sizes(const std::filesystem::path& directory, Figures& figures);

/// Cost of the same questions to an index of 90 days ÷ to one of 1 day. Makes both in `scratch`.
[[nodiscard]] Result<void> measure_flatness(const std::filesystem::path& scratch, Figures& figures);

}  // namespace mj::bench
