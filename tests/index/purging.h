#pragma once

#include <gtest/gtest.h>

#include <fstream>

#include "index/sqlite.h"
#include "storage/inspect.h"
#include "storage/layout.h"
#include "tests/index/hall.h"
#include "tests/storage/fake_file_system.h"

namespace mj::index::test {

inline constexpr const char* kCam = "cam-w1.main";
inline constexpr double kDay = 86'400;

/// A hall whose footage lies in segments of ten seconds on a disk that can fail. Retention is a day.
class Purging : public testing::Test {
 protected:
  Purging() {
    files_.put_file(std::string(storage::kMarkerFile), as_bytes("mingjing store 1\nstore=s1\nuuid=u\n"));
    spdlog::set_level(spdlog::level::off);
  }
  ~Purging() override { spdlog::set_level(spdlog::level::info); }

  Index& index() { return hall_.index(); }

  void record(int from, int to, const char* stream = kCam) {
    FakeRecorder recorder(index(), stream);
    for (int second = from; second < to; second += 10) {
      recorder.footage(at(second), 10);
      files_.put_file(storage::segment_path({"s1", stream, at(second), false}), as_bytes("footage"));
    }
    hall_.settle();
  }

  /// A person has looked at the clock.
  void set_clock(double second) {
    hall_.clock().set(at(second));
    EXPECT_TRUE(Index::believe_clock(hall_.directory()));
  }
  PurgeStatus turn(uint64_t segments = 200, int days = 1) {
    const auto done = index().purge(remover_, days, {segments, seconds(1)});
    EXPECT_TRUE(done) << done.error().message;
    return done.value_or(PurgeStatus{});
  }
  std::string coverage(double from = 100, double to = 400, const char* stream = kCam) {
    const auto coverage = index().coverage(stream, at(from), at(to)).value();
    EXPECT_EQ(unaccounted(coverage, at(from)), Duration(0)) << told(coverage);
    Duration footage{0}, drawn{0};
    for (const Span& span : coverage.footage) footage += span.end - span.begin;
    const auto lanes = Timeline(index()).lanes({{stream}, at(from), at(to), 1'000}).value();
    for (const LanePart& part : lanes.lanes[0].coverage) {
      if (part.state == LanePart::State::footage) drawn += part.end - part.begin;
    }
    EXPECT_EQ(drawn, footage) << "a timeline draws what is there: spans go with their segments";
    return told(coverage);
  }
  size_t files() {
    return storage::list_in(*files_.open_tree("/store").value(), "s1", nullptr).value().size();
  }
  int64_t number(const char* sql) {
    const auto database = Database::open(hall_.directory() / "index.db", Database::Mode::read).value();
    return database->first(sql, [](const Statement& row) { return row.integer(0); }).value().value();
  }

  static std::vector<std::string> lines_of(const std::filesystem::path& file) {
    std::ifstream in(file);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }

  Hall hall_;
  storage::FakeFileSystem files_;
  storage::Remover remover_{{{"s1", "/store", 0}}, files_};
};

}  // namespace mj::index::test
