#include "tests/index/hall.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace mj::index::test {

namespace {
constexpr uint32_t kHeaderBytes = 900;
}

config::Settings small_hall() {
  config::Settings settings;
  settings.hall = {"h1", "测试大厅", "Asia/Shanghai"};
  settings.areas = {{"a1", "一楼"}};
  settings.windows = {{"w1", "1号窗口", "a1"}, {"w2", "2号窗口", "a1"}, {"w3", "3号窗口", ""}};
  settings.clerks = {{"1037", "王芳"}};
  config::Camera counter;
  counter.id = "cam-w1";
  counter.name = "1号窗口摄像机";
  counter.sub_url = "rtsp://camera/sub";
  counter.window = "w1";
  counter.purpose = "办事过程记录";
  counter.legal_basis = "优化营商环境条例58";
  config::Camera hall = counter;
  hall.id = "cam-hall";
  hall.name = "大厅";
  hall.sub_url.clear();
  hall.window.clear();
  hall.area = "a1";
  settings.cameras = {counter, hall};
  config::Workstation workstation;
  workstation.id = "ws-1";
  workstation.name = "1号工位";
  workstation.window = "w1";
  workstation.clerk = "1037";
  settings.workstations = {workstation};
  return settings;
}

void FakeRecorder::open(WallTime start) {
  close();
  auto run = std::make_shared<capture::Run>();
  run->stream = stream_;
  run->start = start;
  run->mime = "video/mp4; codecs=\"avc1.640028\"";
  run->init = {1, 2, 3};
  run->video_init = {1, 2};
  run->width = 1280;
  run->height = 720;
  run_ = run;
  segment_ = {.store = "s1", .stream = stream_, .start = start, .open = true};
  places_.clear();
  open_ = true;
  index_.on_segment_opened({segment_, run_, kHeaderBytes});
}

void FakeRecorder::fragment(WallTime start, WallTime end, std::optional<capture::ShotFacts> shot) {
  if (!open_) open(start);
  const uint64_t offset = places_.empty() ? kHeaderBytes : places_.back().offset + places_.back().bytes;
  places_.push_back({start, end, offset, 1'000, 900, 400});
  index_.on_fragment_durable({segment_, places_.back(), std::move(shot)});
}

void FakeRecorder::close(bool suspect) {
  if (!open_) return;
  open_ = false;
  const Digest previous = digest_;
  digest_.fill(static_cast<uint8_t>(digest_[0] + 1));
  segment_.open = false;
  const WallTime end = places_.empty() ? segment_.start : places_.back().end;
  const uint64_t bytes = places_.empty() ? kHeaderBytes : places_.back().offset + places_.back().bytes;
  index_.on_segment_closed({segment_, end, bytes, digest_, previous, suspect, places_});
}

void FakeRecorder::footage(WallTime start, int count) {
  for (int i = 0; i < count; ++i) fragment(start + seconds(i), start + seconds(i + 1));
  close();
}

void FakeRecorder::outage(WallTime begin, GapCause cause, std::string detail) {
  index_.on_outage({stream_, begin, cause, std::move(detail)});
}

std::unique_ptr<Index> Hall::open() {
  auto opened = Index::open(directory(), clock_);
  if (!opened) throw std::runtime_error(opened.error().message);
  return std::move(*opened);
}

void Hall::apply(const config::Settings& settings) {
  const auto applied = index_->apply(settings);
  ASSERT_TRUE(applied) << applied.error().message;
}

void Hall::reopen() {
  index_.reset();
  index_ = open();
}

void Hall::settle() {
  const auto done = index_->ingest("settle", {});
  ASSERT_TRUE(done) << done.error().message;
}

std::string told(const Coverage& coverage) {
  const auto second = [](WallTime time) {
    return fmt::format("{:g}", double((time - kMidnight).count()) / 1e6);
  };
  std::vector<std::pair<WallTime, std::string>> parts;
  for (const auto& span : coverage.footage) {
    parts.emplace_back(span.begin, fmt::format("footage {}-{}", second(span.begin), second(span.end)));
  }
  for (const auto& gap : coverage.gaps) {
    parts.emplace_back(gap.begin, fmt::format("gap {}-{} {}", second(gap.begin),
                                              gap.end ? second(*gap.end) : "", name(gap.cause)));
  }
  for (const auto& purged : coverage.purged) {
    parts.emplace_back(purged.begin, fmt::format("purged {}-{}", second(purged.begin), second(purged.end)));
  }
  std::ranges::sort(parts);
  std::string text;
  for (const auto& [begin, part] : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

Duration unaccounted(const Coverage& coverage, WallTime from) {
  std::vector<Span> parts = coverage.footage;
  for (const auto& gap : coverage.gaps) parts.push_back({gap.begin, gap.end.value_or(coverage.until)});
  for (const auto& purged : coverage.purged) parts.push_back({purged.begin, purged.end});
  std::ranges::sort(parts, {}, &Span::begin);
  Duration wrong{0};
  WallTime cursor = from;
  for (const auto& part : parts) {
    wrong += std::chrono::abs(part.begin - cursor);
    if (part.end <= part.begin) wrong += seconds(1);
    cursor = part.end;
  }
  return wrong + std::chrono::abs(coverage.until - cursor);
}

}  // namespace mj::index::test
