#include <gmock/gmock.h>

#include "tests/config/config_file.h"

/// What a broken editor, a wrong file or an attacker may put into the file. Nothing here may crash, hang,
/// throw or be taken for good.
namespace mj::config {
namespace {

using testing::HasSubstr;

class Hostile : public ConfigFile {
 protected:
  Hostile() { spdlog::set_level(spdlog::level::err); }
};

TEST_F(Hostile, RefusesWhatIsNotToml) {
  const std::string texts[] = {
      "=",
      "[hall",
      "[hall]\nid = \"x",
      "[hall]\nid = 'a'\nid = 'b'\n",  // a key twice
      "[hall]\n[hall]\n",              // a section twice
      "hall = 1\n[hall]\n",
      std::string("\0\0\0\0", 4),
      "\xff\xfe[\0h\0",  // UTF-16
      "[hall]\nname = \"\xc3\x28\"\n",
      "[hall]\nname = \"\xed\xa0\x80\"\n",  // half of a surrogate pair
      "<?xml version=\"1.0\"?>",
      "{\"hall\": {}}",
      std::string(100000, '['),
      "a = " + std::string(100000, '['),
  };
  for (const auto& text : texts) {
    const auto result = load_text(text);
    ASSERT_EQ(result.problems.size(), 1U) << text.substr(0, 40);
    EXPECT_THAT(result.problems[0].expected, HasSubstr("valid TOML")) << text.substr(0, 40);
    EXPECT_GT(result.problems[0].line, 0) << text.substr(0, 40);
  }
}

TEST_F(Hostile, TellsTheLineOfAKeyGivenTwice) {
  EXPECT_THAT(problems_of("[hall]\nid = 'a'\n\nid = 'b'\n"), HasSubstr("hall.toml:4: "));
}

TEST_F(Hostile, ReportsEveryKeyOfTheWrongType) {
  const char* const keys[] = {"data_directory", "hall",  "areas",  "windows", "clerks",    "cameras",
                              "workstations",   "feeds", "stores", "storage", "retention", "server"};
  const char* const values[] = {
      "1",         "1.5", "true",      "'text'", "1979-05-27",         "[]", "[1]", "[[1]]",
      "['x', {}]", "{}",  "{a={b=1}}", "nan",    "9223372036854775807"};
  for (const char* value : values) {
    std::string text;
    for (const char* key : keys) text += std::string(key) + " = " + value + "\n";
    const auto result = load_text(text);
    EXPECT_GE(result.problems.size(), 3U) << value;
  }
}

TEST_F(Hostile, ReportsEveryFieldOfTheWrongType) {
  const char* const fields[] = {"id",           "name",     "url",         "sub_url",
                                "user",         "password", "transport",   "password_file",
                                "password_env", "purpose",  "legal_basis", "window"};
  for (const char* value : {"1", "1.5", "true", "[]", "['x']", "{}", "{x=1}", "1979-05-27T07:32:00Z"}) {
    for (const char* field : fields) {
      const auto text = with("[[cameras]]\n" + std::string(field) + " = " + value + "\n");
      EXPECT_THAT(problems_of(text), HasSubstr(fmt::format("cameras[0].{}: ", field))) << value;
    }
  }
}

TEST_F(Hostile, BoundsTheListOfProblems) {
  std::string text = kSmallest;
  for (int i = 0; i < 200000; ++i) text += fmt::format("x{}=1\n", i);
  const auto result = load_text(text);
  ASSERT_EQ(result.problems.size(), 1001U);
  EXPECT_EQ(result.problems.back().expected, "199000 more problems are not listed");
}

TEST_F(Hostile, RefusesListsLongerThanAnyHall) {
  std::string windows = "windows = [";
  for (int i = 0; i < 400000; ++i) windows += "{},";
  EXPECT_THAT(problems_of(windows + "]\n" + kSmallest),
              HasSubstr("windows: at most 2000 entries, not 400000"));
}

TEST_F(Hostile, ComparesManyWrongReferencesInReasonableTime) {
  std::string text = kSmallest;
  for (int i = 0; i < 2000; ++i)
    text += fmt::format("[[windows]]\nid='window-of-the-hall-{}'\narea='nowhere'\n", i);
  for (int i = 0; i < 2000; ++i)
    text += fmt::format("[[cameras]]\nid='c{}'\nwindow='window-of-the-hal-{}'\n", i, i);
  EXPECT_EQ(load_text(text).problems.size(), 1001U);
}

TEST_F(Hostile, KeepsControlCharactersOfKeysOutOfItsMessages) {
  const std::string said = problems_of(with("\"\\u001b[31m\\nfake\" = 1\n"));
  EXPECT_EQ(said.find('\x1b'), std::string::npos);
  EXPECT_THAT(said, HasSubstr("(an odd key): a key that exists here"));
}

TEST_F(Hostile, ReadsNoSecretFromPipesAndDevices) {
  for (const char* file : {"/dev/zero", "/dev/tty", "/", "/proc/self/mem"}) {
    const auto text = with(fmt::format("[[feeds]]\nid='f'\ntoken_file='{}'\n", file));
    EXPECT_THAT(problems_of(text), HasSubstr("feeds[0].token_file: ")) << file;
  }
}

TEST_F(Hostile, TakesAFileWithABomAndWindowsLineEnds) {
  std::string text = "\xef\xbb\xbf";
  for (const char c : std::string(kSmallest)) text += c == '\n' ? "\r\n" : std::string(1, c);
  EXPECT_EQ(problems_of(text), "");
}

TEST_F(Hostile, CutsAFileAnywhereWithoutHarm) {
  const std::string text =
      with("[[feeds]]\nid = \"f\"\ntoken = \"0123456789abcdef\"\n[server]\ntls = false\n");
  for (size_t length = 0; length < text.size(); ++length) {
    (void)load_text(text.substr(0, length));
  }
}

}  // namespace
}  // namespace mj::config
