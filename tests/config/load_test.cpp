#include <gmock/gmock.h>
#include <sys/stat.h>

#include "tests/config/config_file.h"

namespace mj::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kPlaces = R"([[areas]]
id = "north"
[[windows]]
id = "w3"
name = "3号窗口"
area = "north"
[[clerks]]
id = "工号-0042"
name = "李敏"
)";

constexpr const char* kCamera = R"([[cameras]]
id = "cam-w3"
url = "rtsp://192.0.2.10:554/s1?x=1"
window = "w3"
purpose = "办件过程留痕"
legal_basis = "政务服务条例"
)";

std::vector<std::string> ids(const std::vector<Problem>& problems) {
  std::vector<std::string> keys;
  for (const auto& problem : problems) keys.push_back(problem.key);
  return keys;
}

class Load : public ConfigFile {};

TEST_F(Load, ReadsEverySection) {
  write("camera.password", "p w\n");
  setenv("MJ_TEST_TOKEN", "0123456789abcdef0123", 1);
  const auto [settings, problems] =
      load_text(with(std::string(kPlaces) + kCamera + R"(sub_url = "rtsps://[::1]/s2"
user = "viewer"
password_file = "camera.password"
transport = "udp"
[[workstations]]
id = "ws-3"
window = "w3"
clerk = "工号-0042"
[[feeds]]
id = "queue"
token_env = "MJ_TEST_TOKEN"
[storage]
segment_seconds = 30
sync_interval_ms = 250
[retention]
days = 180
[cases]
title_patterns = '编号:(\S+)'
[backup]
directory = "/mnt/nas"
keep = 48
every_minutes = 30
[server]
listen = "[::1]:0"
tls = false
)"));
  ASSERT_THAT(ids(problems), IsEmpty());
  EXPECT_EQ(settings.hall.id, "hall");
  EXPECT_EQ(settings.hall.timezone, "Asia/Shanghai");
  EXPECT_EQ(settings.data_directory, folder_ / "data");
  ASSERT_EQ(settings.cameras.size(), 1U);
  const Camera& camera = settings.cameras[0];
  EXPECT_EQ(camera.url, "rtsp://192.0.2.10:554/s1?x=1");
  EXPECT_EQ(camera.sub_url, "rtsps://[::1]/s2");
  EXPECT_EQ(camera.user, "viewer");
  EXPECT_EQ(camera.password.reveal(), "p w");
  EXPECT_EQ(camera.transport, Transport::udp);
  EXPECT_EQ(camera.window, "w3");
  ASSERT_EQ(settings.workstations.size(), 1U);
  EXPECT_EQ(settings.workstations[0].clerk, "工号-0042");
  EXPECT_EQ(settings.feeds.at(0).token.reveal(), "0123456789abcdef0123");
  EXPECT_EQ(settings.stores.at(0).path, folder_ / "footage");
  EXPECT_EQ(settings.storage.segment_duration, std::chrono::seconds(30));
  EXPECT_EQ(settings.storage.sync_interval, std::chrono::milliseconds(250));
  EXPECT_EQ(settings.retention.days, 180);
  EXPECT_THAT(settings.cases.title_patterns, ElementsAre("编号:(\\S+)"));
  EXPECT_EQ(settings.backup.directory, "/mnt/nas");
  EXPECT_EQ(settings.backup.keep, 48);
  EXPECT_EQ(settings.backup.every, std::chrono::minutes(30));
  EXPECT_EQ(settings.server.address, "::1");
  EXPECT_EQ(settings.server.port, 0);
  EXPECT_FALSE(settings.server.tls);
}

TEST_F(Load, FillsInTheDefaultsOfTheHeader) {
  const auto [settings, problems] = load_text(kSmallest);
  ASSERT_THAT(ids(problems), IsEmpty());
  EXPECT_EQ(settings.hall.name, "hall") << "a name that is not given is the id";
  EXPECT_EQ(settings.storage.segment_duration, Storage{}.segment_duration);
  EXPECT_EQ(settings.storage.sync_interval, Storage{}.sync_interval);
  EXPECT_EQ(settings.retention.days, Retention{}.days);
  EXPECT_THAT(settings.cases.title_patterns, IsEmpty());
  EXPECT_EQ(settings.backup.directory, settings.data_directory / "backup");
  EXPECT_EQ(settings.backup.every, std::chrono::hours(1));
  EXPECT_EQ(settings.server.address, "127.0.0.1");
  EXPECT_EQ(settings.server.port, 8443);
  EXPECT_TRUE(settings.server.tls);
  EXPECT_EQ(settings.stores.at(0).reserve_bytes, 0);
}

TEST_F(Load, TellsFileLineKeyAndExpectation) {
  const auto result = load_text(with("[storage]\nsegment_seconds = 1\n"));
  ASSERT_EQ(result.problems.size(), 1U);
  EXPECT_EQ(result.problems[0].to_string(),
            (folder_ / "hall.toml").string() + ":8: storage.segment_seconds: a whole number from 2 to 600");
}

TEST_F(Load, TellsAllProblemsInFileOrder) {
  EXPECT_EQ(problems_of("[retention]\ndays = 0\n[hall]\nid = 'UPPER'\ntimezon = 'Asia/Shanghai'\n"),
            "hall.toml: data_directory: a folder for the index and other data of our own (missing)\n"
            "hall.toml: stores: at least one [[stores]] entry (missing)\n"
            "hall.toml:2: retention.days: a whole number from 1 to 36500\n"
            "hall.toml:4: hall.id: 1 to 48 characters of a-z, 0-9 and - (it becomes part of file names and "
            "addresses)\n"
            "hall.toml:5: hall.timezon: a key that exists; did you mean \"timezone\"?\n");
}

TEST_F(Load, NamesTheEntryOfAListByItsPlace) {
  const std::string second =
      "[[cameras]]\nid='c2'\nurl='http://h/'\narea='north'\npurpose='p'\nlegal_basis='l'\n";
  EXPECT_THAT(problems_of(with(std::string(kPlaces) + kCamera + second)), HasSubstr(": cameras[1].url: "));
}

TEST_F(Load, WantsNothingTwiceAmongStreamNames) {
  const std::string workstation = "[[workstations]]\nid='cam-w3'\nwindow='w3'\n";
  EXPECT_THAT(problems_of(with(std::string(kPlaces) + kCamera + workstation)),
              HasSubstr("workstations[0].id: an id of its own: \"cam-w3\" is already used by cameras[0].id"));
}

TEST_F(Load, TellsCallersApartByTheirTokens) {
  EXPECT_THAT(problems_of(with("[[feeds]]\nid='a'\ntoken='0123456789abcdef'\n"
                               "[[feeds]]\nid='b'\ntoken='0123456789abcdef'\n")),
              HasSubstr("feeds[1].token: a token of its own: feeds[0].token is the same"));
}

TEST_F(Load, NeverPrintsSecrets) {
  write("short", "geheim-kurz");
  const std::string text = problems_of(with(std::string(kPlaces) + R"([[cameras]]
id = "c"
url = "rtsp://admin:geheim@192.0.2.1/s"
password = 'geheim'
pasword = 'geheim'
window = 'w3'
purpose = 'p'
legal_basis = 'l'
[[feeds]]
id = 'f'
token = 'geheim'
[[feeds]]
id = 'g'
token_file = 'short'
)"));
  EXPECT_THAT(text, HasSubstr("cameras[0].url: an address without user name"));
  EXPECT_THAT(text, HasSubstr("cameras[0].pasword: a key that exists; did you mean \"password\"?"));
  EXPECT_THAT(text, HasSubstr("feeds[0].token: a secret of 16 to 512"));
  EXPECT_THAT(text, HasSubstr("feeds[1].token_file: a secret of 16 to 512"));
  EXPECT_THAT(text, Not(HasSubstr("geheim")));
}

TEST_F(Load, WarnsOfSecretFilesThatOthersCanRead) {
  const auto file = write("token", "0123456789abcdef0123");
  const std::string text = with("[[feeds]]\nid='f'\ntoken_file='token'\n");
  init_log("info");
  for (const mode_t mode : {0644, 0600}) {
    ASSERT_EQ(chmod(file.c_str(), mode), 0);
    testing::internal::CaptureStderr();
    EXPECT_EQ(problems_of(text), "");
    const std::string log = testing::internal::GetCapturedStderr();
    EXPECT_EQ(log.find("can be read by every user") != std::string::npos, mode == 0644) << log;
  }
}

TEST_F(Load, ReadsWhatItCanOfABrokenEntry) {
  const auto result = load_text(with(std::string(kPlaces) + "[[cameras]]\nid=7\nurl=7\nwindow='w4'\n"));
  EXPECT_THAT(ids(result.problems), ElementsAre("cameras[0].purpose", "cameras[0].legal_basis",
                                                "cameras[0].id", "cameras[0].url", "cameras[0].window"));
}

TEST_F(Load, SaysWhyAFileCannotBeRead) {
  const auto why = [](const std::filesystem::path& path) {
    const auto result = load(path);
    return result.problems.size() == 1 ? result.problems[0].expected : "";
  };
  EXPECT_THAT(why(folder_ / "absent.toml"), HasSubstr("No such file"));
  EXPECT_THAT(why(folder_), HasSubstr("not a regular file"));
  ASSERT_EQ(mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(why(folder_ / "pipe"), HasSubstr("not a regular file")) << "and does not wait for a writer";
  EXPECT_THAT(why(write("huge.toml", std::string((4U << 20) + 1, '#'))), HasSubstr("larger than 4194304"));
  EXPECT_THAT(why("/dev/zero"), HasSubstr("not a regular file"));
  EXPECT_THAT(why(""), HasSubstr("No such file"));
}

TEST_F(Load, TakesAFileOfExactlyTheLargestSize) {
  std::string text = kSmallest;
  text += "#" + std::string((4U << 20) - text.size() - 1, 'x');
  EXPECT_EQ(problems_of(text), "");
}

TEST_F(Load, LoadsTheExampleWithoutProblems) {
  const char* const secrets[] = {"MJ_CAMERA_PASSWORD", "MJ_QUEUE_TOKEN"};
  int number = 0;
  for (const char* secret : secrets) {
    setenv(secret, fmt::format("example-secret-of-a-test-{}", ++number).c_str(), 1);
  }
  const auto [settings, problems] = load(MJ_SOURCE_DIR "/config/hall.example.toml");
  for (const auto& problem : problems) ADD_FAILURE() << problem.to_string();
  EXPECT_EQ(settings.cameras.size(), 3U);
  for (const char* secret : secrets) unsetenv(secret);
  const auto without = load(MJ_SOURCE_DIR "/config/hall.example.toml");
  EXPECT_EQ(without.problems.size(), std::size(secrets) + 1) << "two cameras share their password";
  for (const auto& problem : without.problems)
    EXPECT_THAT(problem.expected, HasSubstr("environment variable"));
}

struct Case {
  const char* name;
  const char* text;      ///< added to a right file with places
  const char* expected;  ///< part of what is said; "" = accepted
};

class LoadValue : public ConfigFile, public testing::WithParamInterface<Case> {};

TEST_P(LoadValue, IsJudged) {
  const std::string said = problems_of(with(std::string(kPlaces) + GetParam().text));
  if (*GetParam().expected == '\0') {
    EXPECT_EQ(said, "");
  } else {
    EXPECT_THAT(said, HasSubstr(GetParam().expected));
  }
}

// A camera whose last lines a case supplies.
#define CAM "[[cameras]]\nid='c'\npurpose='p'\nlegal_basis='l'\n"
#define URL CAM "area='north'\n"
#define OK_URL URL "url='rtsp://h/x'\n"
#define FEED "[[feeds]]\nid='f'\n"

const Case kCases[] = {
    {"ascii_url", URL "url='rtsp://cam-1.hall.example/Streaming/Channels/101?a=b&c=d'", ""},
    {"v6_url", URL "url='rtsp://[2001:db8::1]:8554/x'", ""},
    {"no_scheme", URL "url='192.0.2.1/x'", "cameras[0].url: an address like"},
    {"other_scheme", URL "url='file:///etc/passwd'", "cameras[0].url: an address like"},
    {"user_info", URL "url='rtsp://u:p@h/x'", "user and password_file"},
    {"user_info_with_slash", URL "url='rtsp://u:p/p@h/x'", "user and password_file"},
    {"no_host", URL "url='rtsp:///x'", "cameras[0].url"},
    {"port_0", URL "url='rtsp://h:0/x'", "cameras[0].url"},
    {"port_too_high", URL "url='rtsp://h:65536/x'", "cameras[0].url"},
    {"port_with_sign", URL "url='rtsp://h:+554/x'", "cameras[0].url"},
    {"space_in_url", URL "url='rtsp://h/a b'", "cameras[0].url"},
    {"line_break_in_url", URL "url=\"rtsp://h/a\\r\\nX: y\"", "cameras[0].url: one line"},
    {"chinese_url", URL "url='rtsp://h/窗口'", "written %XX"},
    {"bad_sub_url", OK_URL "sub_url='x'", "cameras[0].sub_url"},
    {"url_missing", URL, "cameras[0].url: the camera's rtsp:// address (missing)"},
    {"purpose_blank", "[[cameras]]\nid='c'\nurl='rtsp://h/x'\narea='north'\npurpose=' '\nlegal_basis='l'\n",
     "cameras[0].purpose: why this camera records (PIPL art. 26), not empty"},
    {"transport", OK_URL "transport='http'", "cameras[0].transport: \"tcp\", \"udp\" or \"libav\""},
    {"window_and_area", OK_URL "window='w3'", "cameras[0].area: either window or area"},
    {"no_place", CAM "url='rtsp://h/x'", "cameras[0].window: a window or an area"},
    {"unknown_window", CAM "url='rtsp://h/x'\nwindow='w33'", "did you mean \"w3\"?"},
    {"password_without_user", OK_URL "password='x'", "cameras[0].user: a user name"},
    {"two_passwords", OK_URL "user='u'\npassword='x'\npassword_env='Y'",
     "only one of password, password_file"},
    {"absent_secret_file", FEED "token_file='absent'", "feeds[0].token_file: a readable file"},
    {"unset_variable", FEED "token_env='MJ_SURELY_UNSET'", "feeds[0].token_env: the environment variable"},
    {"odd_variable", FEED "token_env='A=B'", "feeds[0].token_env: the name of an environment variable"},
    {"no_token", FEED, "feeds[0].token: one of token, token_file and token_env (missing)"},
    {"token_with_space", FEED "token='0123456789 abcdef'", "feeds[0].token: a secret of"},
    {"token_of_15", FEED "token='0123456789abcde'", "feeds[0].token: a secret of"},
    {"token_of_16", FEED "token='0123456789abcdef'", ""},
    {"clerk_id_of_33", "[[clerks]]\nid='123456789012345678901234567890123'", "at most 32 characters"},
    {"clerk_twice", "[[clerks]]\nid='工号-0042'", "already used by clerks[0].id"},
    {"area_twice", "[[areas]]\nid='north'", "already used by areas[0].id"},
    {"window_of_no_area", "[[windows]]\nid='w9'\narea='south'",
     "windows[1].area: the id of a [[areas]] entry"},
    {"workstation_without_window", "[[workstations]]\nid='x'", "workstations[0].window"},
    {"workstation_with_token", "[[workstations]]\nid='x'\nwindow='w3'\ntoken_file='t'",
     "workstations[0].token_file: no token any more: take the line out, and enrol the agent with the code "
     "that "
     "`mingjing agent enrol x` prints"},
    {"segment_too_long", "[storage]\nsegment_seconds=601", "from 2 to 600"},
    {"segment_as_text", "[storage]\nsegment_seconds='60'", "from 2 to 600"},
    {"segment_as_float", "[storage]\nsegment_seconds=60.0", "from 2 to 600"},
    {"sync_too_short", "[storage]\nsync_interval_ms=49", "from 50 to 2000"},
    {"sync_longest", "[storage]\nsync_interval_ms=2000", ""},
    {"patterns", "[cases]\ntitle_patterns=['川0116-受理〔\\d{4}〕第\\d+号', '编号:(\\S+)']", ""},
    {"pattern_broken", "[cases]\ntitle_patterns=['\\d+', '(\\d']",
     "cases.title_patterns: pattern 2: a regular expression"},
    {"pattern_of_nothing", "[cases]\ntitle_patterns='x*'", "does not fit an empty text"},
    {"pattern_with_backreference", "[cases]\ntitle_patterns='(a)\\1'", "a regular expression of RE2's kind"},
    {"patterns_too_many",
     "[cases]\ntitle_patterns=['1','2','3','4','5','6','7','8','9','a','b','c','d','e','f','g','h']",
     "cases.title_patterns"},
    {"backup", "[backup]\ndirectory='/mnt/nas/mingjing'\nkeep=48\nevery_minutes=30", ""},
    {"backup_none", "[backup]\nevery_minutes=0", ""},
    {"backup_too_rare", "[backup]\nevery_minutes=1441", "from 0 to 1440"},
    {"backup_keeps_none", "[backup]\nkeep=0", "from 1 to 1000"},
    {"backup_in_a_store", "[backup]\ndirectory='footage/copies'", "a folder outside the stores"},
    {"days_overflow", "[retention]\ndays=9223372036854775807", "from 1 to 36500"},
    {"listen_without_port", "[server]\nlisten='127.0.0.1'", "server.listen: an IP address and a port"},
    {"listen_port_too_high", "[server]\nlisten='127.0.0.1:65536'", "server.listen"},
    {"listen_host_name", "[server]\nlisten='localhost:8443'", "server.listen"},
    {"listen_bare_v6", "[server]\nlisten='::1:8443'", "server.listen"},
    {"tls_as_text", "[server]\ntls='true'", "server.tls: true or false"},
    {"certificate_alone", "[server]\ncertificate='hall.toml'",
     "server.private_key: certificate and private_key"},
    {"certificate_absent", "[server]\ncertificate='a'\nprivate_key='b'",
     "server.certificate: a readable PEM"},
    {"stores_twice_the_path", "[[stores]]\nid='s2'\npath='x/../footage'", "not within another store"},
    {"store_in_store", "[[stores]]\nid='s2'\npath='footage/more'", "not within another store"},
    {"store_beside_store", "[[stores]]\nid='s2'\npath='footage2'\nreserve_mb=1000", ""},
    {"store_around_data", "[[stores]]\nid='s2'\npath='data/'", "does not hold data_directory"},
    {"reserve_negative", "[[stores]]\nid='s2'\npath='x'\nreserve_mb=-1", "stores[1].reserve_mb"},
    {"single_brackets", "[feeds]\nid='f'", "in double brackets"},
    {"near_section", "[[camera]]\nid='c'", "camera: a key that exists; did you mean \"cameras\"?"},
    {"far_section", "[kubernetes]\nid='c'",
     "kubernetes: a key that exists here: data_directory, hall, areas"},
};

std::string case_name(const testing::TestParamInfo<Case>& info) {
  return info.param.name;
}
INSTANTIATE_TEST_SUITE_P(Values, LoadValue, testing::ValuesIn(kCases), case_name);

}  // namespace
}  // namespace mj::config
