#include "index/register.h"

#include <gmock/gmock.h>

#include <fstream>
#include <thread>

#include "index/migrate.h"
#include "index/register_log.h"
#include "tests/index/purging.h"

namespace mj::index::test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class RegisterTest : public Purging {
 protected:
  fs::path log() const { return hall_.directory().parent_path() / "register.log"; }
  fs::path database() const { return hall_.directory() / "index.db"; }
  std::vector<std::string> lines() const { return lines_of(log()); }
  static RegisterEntry view(const std::string& login = "zhao") {
    RegisterEntry entry;
    entry.login = login;
    entry.name = "赵\"敏\"";
    entry.action = "view";
    entry.stream = kCam;
    entry.from = at(60);
    entry.to = at(120);
    return entry;
  }
  static RegisterEntry search(const std::string& query) {
    RegisterEntry entry;
    entry.login = "qian";
    entry.name = "钱";
    entry.action = "search";
    entry.about = query;
    return entry;
  }
  void note(const RegisterEntry& entry) {
    hall_.clock().advance(seconds(1));
    const auto noted = Register(index()).note(entry);
    EXPECT_TRUE(noted) << noted.error().message;
  }
  /// "3 qian search 王芳, 1 zhao view cam-w1.main 60 s", newest first.
  std::string told(const Register::Filter& filter = {}) {
    std::string text;
    const auto page = Register(index()).list(filter);
    EXPECT_TRUE(page);
    for (const auto& entry : page->entries) {
      text += fmt::format("{}{} {} {}", text.empty() ? "" : ", ", entry.number, entry.login, entry.action);
      if (!entry.stream.empty())
        text += fmt::format(" {} {} s", entry.stream, (*entry.to - *entry.from).count() / 1'000'000);
      if (!entry.about.empty()) text += " " + entry.about;
    }
    return text;
  }
  void note_three() {
    note(view());
    note(search("王芳"));
    note(view("qian"));
  }
  static constexpr const char* kThree =
      "3 qian view cam-w1.main 60 s, 2 qian search 王芳, 1 zhao view cam-w1.main 60 s";
  std::vector<std::string> troubles() { return Register::troubles(hall_.directory()).value(); }
  void rewrite(const std::vector<std::string>& lines) {
    hall_.close();
    std::ofstream out(log(), std::ios::binary | std::ios::trunc);
    for (const auto& line : lines) out << line << '\n';
  }
  void lose_index() {
    hall_.close();
    fs::remove_all(hall_.directory());
    hall_.reopen();
    hall_.apply(small_hall());
  }
  /// One transaction as the writer makes it; not committed: its process died, or its disk was full.
  void transaction(RegisterLog& log, const std::vector<RegisterLog::Ticket>& own, bool commit) {
    const auto database = Database::open(this->database(), Database::Mode::write).value();
    auto transaction = Transaction::begin(*database, Transaction::Kind::write).value();
    ASSERT_TRUE(log.begin(*database));
    for (const auto& ticket : own) ASSERT_TRUE(log.write(*database, ticket));
    ASSERT_TRUE(log.seal(*database));
    if (!commit) return;
    ASSERT_TRUE(transaction.commit());
    log.committed();
  }
  static RegisterLog::Ticket ticket(const RegisterEntry& entry) {
    auto ticket = std::make_shared<RegisterLog::Waiting>();
    ticket->entry = entry;
    ticket->entry.at = at(1);
    return ticket;
  }
};

TEST_F(RegisterTest, WhatIsNotedIsInTheRowsAndInTheLog) {
  EXPECT_FALSE(fs::exists(log())) << "not before the first entry";
  note_three();
  EXPECT_EQ(told(), kThree);
  ASSERT_THAT(lines(), SizeIs(3));
  EXPECT_THAT(lines()[1], HasSubstr(R"("login":"qian","name":"钱","action":"search","stream":null)"));
  EXPECT_THAT(troubles(), IsEmpty());
  const auto page = Register(index()).list({});
  EXPECT_EQ(page->entries.back().at, at(1));
  EXPECT_EQ(page->entries.back().from, at(60));
  EXPECT_EQ(page->entries.back().name, "赵\"敏\"");
}

TEST_F(RegisterTest, IsFilteredAndPaged) {
  note_three();
  EXPECT_EQ(told({.login = "zhao"}), "1 zhao view cam-w1.main 60 s");
  EXPECT_EQ(told({.action = "search"}), "2 qian search 王芳");
  EXPECT_EQ(told({.login = "qian", .stream = kCam}), "3 qian view cam-w1.main 60 s");
  EXPECT_EQ(told({.from = at(2), .to = at(3)}), "2 qian search 王芳");
  const auto first = Register(index()).list({.limit = 2});
  ASSERT_TRUE(first->next);
  EXPECT_EQ(told({.after = first->next, .limit = 2}), "1 zhao view cam-w1.main 60 s");
  EXPECT_FALSE(Register(index()).list({.after = first->next, .limit = 1})->next) << "that was all";
}

TEST_F(RegisterTest, ManyAtOnceAreAllThere) {
  constexpr int kThreads = 8, kEach = 5;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([this] {
        for (int n = 0; n < kEach; ++n) EXPECT_TRUE(Register(index()).note(view()));
      });
    }
  }
  EXPECT_EQ(number("SELECT count(*) FROM register"), kThreads * kEach);
  EXPECT_THAT(lines(), SizeIs(kThreads * kEach));
  EXPECT_THAT(troubles(), IsEmpty());
}

TEST_F(RegisterTest, OneCommandWritesForAllThatWait) {
  hall_.close();
  RegisterLog register_log(hall_.directory());
  const std::vector own{ticket(view()), ticket(search("a")), ticket(search("b"))};
  for (const auto& one : own) register_log.add(one);
  transaction(register_log, {own[1]}, true);
  EXPECT_THAT(lines(), SizeIs(3));
  transaction(register_log, {own[0], own[2]}, true);
  EXPECT_THAT(lines(), SizeIs(3)) << "they were there";
  EXPECT_EQ(number("SELECT count(*) FROM register"), 3);
}

TEST_F(RegisterTest, ALineWhoseCommitFailedBecomesARowAndIsNotWrittenTwice) {
  hall_.close();
  RegisterLog register_log(hall_.directory());
  const std::vector own{ticket(view()), ticket(search("a"))};
  for (const auto& one : own) register_log.add(one);
  transaction(register_log, {own[0]}, false);
  EXPECT_THAT(lines(), SizeIs(2)) << "the line comes before the row";
  EXPECT_EQ(number("SELECT count(*) FROM register"), 0);
  transaction(register_log, own, true);
  EXPECT_EQ(number("SELECT count(*) FROM register"), 2);
  EXPECT_THAT(lines(), SizeIs(2));
  transaction(register_log, {ticket(view())}, true);
  EXPECT_EQ(number("SELECT max(id) FROM register"), 3);
}

TEST_F(RegisterTest, ALineWhoseProcessDiedBecomesARowAtTheNextStart) {
  hall_.close();
  {
    RegisterLog register_log(hall_.directory());
    transaction(register_log, {ticket(view())}, false);
  }
  std::ofstream(log(), std::ios::binary | std::ios::app) << R"({"number":2,"before":"0)";
  hall_.reopen();
  EXPECT_EQ(told(), "1 zhao view cam-w1.main 60 s");
  EXPECT_THAT(lines(), SizeIs(1)) << "what was never finished is cut off";
}

TEST_F(RegisterTest, ALostIndexKnowsItAllAgain) {
  note_three();
  lose_index();
  EXPECT_EQ(told(), kThree);
  note(view());
  EXPECT_THAT(lines(), SizeIs(4));
  EXPECT_THAT(troubles(), IsEmpty());
}

TEST_F(RegisterTest, AnOlderBackupTakesWhatItLacks) {
  note(view());
  hall_.close();
  const auto copy = hall_.directory().parent_path() / "copy";
  fs::copy_file(database(), copy);
  hall_.reopen();
  note(search("王芳"));
  note(view("qian"));
  hall_.close();
  fs::remove_all(hall_.directory());
  fs::create_directory(hall_.directory());
  fs::copy_file(copy, database());
  hall_.reopen();
  EXPECT_EQ(told(), kThree);
  EXPECT_THAT(troubles(), IsEmpty());
}

TEST_F(RegisterTest, ARebuiltIndexKeepsIt) {
  note_three();
  hall_.close();
  ASSERT_TRUE(rebuild(hall_.directory(), {}, hall_.clock(), {}));
  hall_.reopen();
  EXPECT_EQ(told(), kThree);
  EXPECT_THAT(lines(), SizeIs(3));
}

TEST_F(RegisterTest, ALogThatIsAwayOrShorterIsWrittenAnewAndSaysSo) {
  note_three();
  const auto whole = lines();
  for (size_t keep = 0; keep <= 2; ++keep) {
    auto cut = whole;
    cut.resize(keep);
    rewrite(cut);
    EXPECT_THAT(troubles(), ElementsAre(HasSubstr(fmt::format("ends at line {}", keep))));
    hall_.reopen();
    EXPECT_THAT(troubles(), ElementsAre(HasSubstr(fmt::format("lines {} to 3 were lost", keep + 1))));
    ASSERT_THAT(lines(), SizeIs(3));
    for (size_t i = keep; i < 3; ++i) EXPECT_THAT(lines()[i], HasSubstr(R"("anew":true)"));
    lose_index();
    EXPECT_EQ(told(), kThree) << keep;
  }
}

TEST_F(RegisterTest, ALogThatIsTakenAwayMeanwhileIsWrittenAnewWithTheNextEntry) {
  note(view());
  note(search("王芳"));
  fs::remove(log());
  note(view("qian"));
  EXPECT_THAT(lines(), SizeIs(3));
  lose_index();
  EXPECT_EQ(told(), kThree);
}

TEST_F(RegisterTest, AForgedLineIsTold) {
  note_three();
  auto forged = lines();
  forged[1].replace(forged[1].find("王芳"), 6, "李四");
  rewrite(forged);
  EXPECT_THAT(troubles(), ElementsAre(HasSubstr("line 2"), HasSubstr("line 3")));
  hall_.reopen();
  const auto report = index().check({}, false, false, {});
  ASSERT_THAT(report->findings, SizeIs(2));
  EXPECT_EQ(report->findings[0].kind, "register_log");
  EXPECT_EQ(told(), kThree) << "the rows stay";
}

TEST_F(RegisterTest, AForgedLastLineOrRowIsToldByTheOther) {
  note_three();
  const auto whole = lines();
  auto forged = whole;
  forged[2].replace(forged[2].find("qian"), 4, "wang");
  rewrite(forged);
  EXPECT_THAT(troubles(), ElementsAre(HasSubstr("line 3: the index tells otherwise")));
  rewrite(whole);
  const auto database = Database::open(this->database(), Database::Mode::write).value();
  ASSERT_TRUE(database->script("UPDATE register SET login = 'nobody' WHERE id = 1"));
  EXPECT_THAT(troubles(), ElementsAre(HasSubstr("line 1: the index tells otherwise")));
  ASSERT_TRUE(database->script("DELETE FROM register WHERE id = 1"));
  EXPECT_THAT(troubles(), ElementsAre(HasSubstr("line 1: the index tells otherwise")));
}

TEST_F(RegisterTest, NonsenseMakesNoRowAndKeepsItsNumber) {
  note(view());
  auto spoiled = lines();
  spoiled.emplace_back("nonsense");
  spoiled.emplace_back(R"({"number":3,"before":")" + std::string(64, '0') + R"(","at_us":"x"})");
  rewrite(spoiled);
  hall_.reopen();
  EXPECT_EQ(told(), "1 zhao view cam-w1.main 60 s");
  note(search("王芳"));
  EXPECT_EQ(told(), "4 qian search 王芳, 1 zhao view cam-w1.main 60 s");
  rewrite({});
  hall_.reopen();
  note(view());
  EXPECT_THAT(lines(), SizeIs(5)) << "rows keep their numbers when the log is written anew";
  EXPECT_THAT(troubles(), ElementsAre(HasSubstr("lines 1 to 4 were lost")));
}

TEST_F(RegisterTest, WhatCannotBeWrittenIsNotNotedAndRecordingGoesOn) {
  fs::create_symlink("/dev/full", log());
  auto refused = Register(index()).note(view());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::no_space);
  EXPECT_THAT(refused.error().message, HasSubstr("register.log"));
  fs::remove(log());
  fs::create_directory(log());
  refused = Register(index()).note(view());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::unavailable);
  record(100, 200);
  EXPECT_TRUE(index().healthy());
  hall_.reopen();
  EXPECT_EQ(told(), "") << "an index whose register is in trouble opens all the same";
  fs::remove(log());
  note(view());
  EXPECT_EQ(told(), "1 zhao view cam-w1.main 60 s");
}

}  // namespace
}  // namespace mj::index::test
