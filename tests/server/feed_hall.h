#pragma once

#include <filesystem>
#include <memory>
#include <stdexcept>

#include "index/index.h"
#include "tests/server/hand_clock.h"
#include "tests/support/temporary_directory.h"

namespace mj::test {

/// As much of a hall as a feed needs: one window, one clerk, an index. No server. Owner: the test.
struct FeedHall {
  FeedHall() {
    settings.hall = {"h1", "示范大厅", "Asia/Shanghai"};
    settings.windows = {{"w1", "1号窗口", ""}};
    settings.clerks = {{"1037", "张敏"}};
    settings.feeds.resize(1);
    settings.feeds[0].id = "queue";
    settings.data_directory = folder.path();
    index = index::Index::open(folder.path() / "index", clock).value();
    if (!index->apply(settings)) throw std::runtime_error("the index refuses the settings");
  }

  TemporaryDirectory folder;
  config::Settings settings;
  HandClock clock;
  std::unique_ptr<index::Index> index;
};

}  // namespace mj::test
