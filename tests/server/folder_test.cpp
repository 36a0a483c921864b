#include "server/feeds/feed_reader.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "server/feeds/moment.h"
#include "tests/server/feed_hall.h"

namespace mj::server {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr const char* kTable =
    "type,id,at,window,ticket,case\n"
    "ticket_called,1,2026-11-20 09:00,w1,A1,SC-1\n";

/// A folder that is looked into by a clock of the test's own.
class Folder : public testing::Test {
 protected:
  Folder() {
    use_time_zone("Asia/Shanghai");
    hall_.settings.feeds[0].folder = drop_;
    fs::create_directories(drop_);
  }
  void leave(const std::string& name, const std::string& text) { std::ofstream(drop_ / name) << text; }
  /// Two looks, the quiet time between.
  void look_twice() {
    folder_.look();
    hall_.clock.advance(std::chrono::seconds(6));
    folder_.look();
  }
  [[nodiscard]] std::string read(const char* name) const {
    std::ifstream in(drop_ / name);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }

  test::FeedHall hall_;
  const fs::path drop_ = hall_.folder.path() / "drop";
  const config::Mapping plain_ = config::plain_mapping();
  std::atomic<bool> stopping_ = false;
  bool full_ = false;
  WatchedFolder folder_{{hall_.settings, hall_.settings.feeds[0], plain_, hall_.clock},
                        [this](const auto& events) -> Result<index::Ingested> {
                          if (full_) return fail(ErrorKind::no_space, "the disk is full");
                          return index::Feeds(*hall_.index).take_rows("queue", events);
                        },
                        stopping_};
};

TEST_F(Folder, AWholeFileIsTakenAndPutAwayWithItsReport) {
  leave("a.csv", kTable);
  look_twice();
  EXPECT_TRUE(hall_.index->case_answer("SC-1"));
  EXPECT_FALSE(fs::exists(drop_ / "a.csv"));
  EXPECT_EQ(read("done/a.csv"), kTable);
  EXPECT_THAT(read("done/a.csv.report.txt"),
              HasSubstr("1 rows, 1 events: 1 new, 0 known already, 0 refused"));
  leave("a.csv", kTable);
  look_twice();
  EXPECT_EQ(std::distance(fs::directory_iterator(drop_ / "done"), {}), 4)
      << "nothing that was put away is lost";
}

TEST_F(Folder, WhatIsStillBeingWrittenIsLeftAlone) {
  std::ofstream writer(drop_ / "a.csv");
  writer << kTable << std::flush;
  folder_.look();
  hall_.clock.advance(std::chrono::seconds(4));
  folder_.look();
  EXPECT_TRUE(fs::exists(drop_ / "a.csv")) << "changed 4 s ago";
  hall_.clock.advance(std::chrono::seconds(60));
  folder_.look();
  EXPECT_TRUE(fs::exists(drop_ / "a.csv")) << "open for writing";
  writer.close();
  folder_.look();
  EXPECT_FALSE(fs::exists(drop_ / "a.csv"));
}

TEST_F(Folder, AFileThatGrowsBetweenTwoLooksIsLeftAlone) {
  leave("a.csv", kTable);
  folder_.look();
  std::ofstream(drop_ / "a.csv", std::ios::app) << "ticket_called,2,2026-11-20 09:01,w1,A2,\n";
  hall_.clock.advance(std::chrono::seconds(60));
  folder_.look();
  EXPECT_TRUE(fs::exists(drop_ / "a.csv"));
}

TEST_F(Folder, UnfinishedNamesAndLinksAreNotForUs) {
  for (const char* name : {".a.csv", "a.csv.part", "a.tmp", "a.csv~"}) leave(name, kTable);
  fs::create_symlink("/etc/passwd", drop_ / "link.csv");
  look_twice();
  EXPECT_FALSE(fs::exists(drop_ / "done"));
  EXPECT_FALSE(fs::exists(drop_ / "refused"));
  EXPECT_TRUE(fs::exists(drop_ / "link.csv"));
}

TEST_F(Folder, WhatIsWrongIsInTheReportByLineAndColumn) {
  leave("a.csv", std::string(kTable) + "ticket_called,2,2026-11-20 09:00,w9,A2,\n");
  leave("b.csv", "colour\nred\n");
  look_twice();
  EXPECT_TRUE(hall_.index->case_answer("SC-1")) << "one wrong row keeps no other away";
  EXPECT_THAT(read("refused/a.csv.report.txt"), HasSubstr("line 3, column \"window\": \"w9\" is no window"));
  EXPECT_THAT(read("refused/b.csv.report.txt"), HasSubstr("there is no column \"at\""));
}

TEST_F(Folder, WhatTheIndexCannotTakeStaysAndIsTriedAgain) {
  full_ = true;
  leave("a.csv", kTable);
  look_twice();
  EXPECT_TRUE(fs::exists(drop_ / "a.csv"));
  full_ = false;
  look_twice();
  EXPECT_FALSE(fs::exists(drop_ / "a.csv"));
  EXPECT_TRUE(hall_.index->case_answer("SC-1"));
}

TEST_F(Folder, AFileThatCannotBePutAwayKeepsNoOther) {
  leave(std::string(250, 'a'), kTable);  // with the report's ending too long for a name
  leave("b.csv", kTable);
  look_twice();
  EXPECT_TRUE(fs::exists(drop_ / "done" / "b.csv"));
  EXPECT_THAT(folder_.trouble(), HasSubstr("aaa"));
}

TEST_F(Folder, SaysWhatIsWrongUntilItIsRight) {
  folder_.look();
  EXPECT_EQ(folder_.trouble(), "");
  fs::rename(drop_, drop_.native() + "-away");
  folder_.look();
  EXPECT_THAT(folder_.trouble(), HasSubstr("No such file"));
  fs::rename(drop_.native() + "-away", drop_);
  folder_.look();
  EXPECT_EQ(folder_.trouble(), "");
  full_ = true;
  leave("a.csv", kTable);
  look_twice();
  EXPECT_THAT(folder_.trouble(), HasSubstr("the disk is full"));
}

TEST_F(Folder, AFeedThatCannotBeReadIsSeenFromOutside) {
  fs::remove(drop_);
  FeedReader reader(hall_.settings, hall_.clock, *hall_.index);
  reader.start();
  const auto trouble = [&] { return index::Feeds(*hall_.index).status()["queue"].trouble; };
  while (trouble().empty()) std::this_thread::yield();
  EXPECT_THAT(trouble(), HasSubstr("No such file"));
}

TEST_F(Folder, KilledBeforeItWasPutAwayItIsTakenOnce) {
  leave("a.csv", kTable);
  look_twice();
  fs::rename(drop_ / "done" / "a.csv", drop_ / "a.csv");  // as if the last step had not been
  look_twice();
  EXPECT_THAT(read("done/a.csv.report.txt"), HasSubstr("0 new, 1 known already"));
  EXPECT_EQ(hall_.index->case_answer("SC-1")->visits.size(), 1U);
}

}  // namespace
}  // namespace mj::server
