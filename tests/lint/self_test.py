#!/usr/bin/env python3
"""Every lint finds what it is there to find, and leaves good code alone."""

import pathlib
import tempfile
import unittest

import banned
import documents
import formatting
import functions
import includes
import layout
import routes
from source_text import blank_cpp, blank_typescript
from tree import Tree


class LintTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def plant(self, **files):
        """Writes files, given as path=text with '__' for '/' and '_dot_' for '.', and returns the tree."""
        for name, text in files.items():
            self.plant_at(name.replace("__", "/").replace("_dot_", "."), text)
        return Tree(self.folder.name)

    def plant_at(self, path, text):
        target = pathlib.Path(self.folder.name) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return Tree(self.folder.name)

    def assert_found(self, lint, tree, place, part):
        """Exactly one finding, at "file:line", that says `part`."""
        said = [str(finding) for finding in lint.check(tree)]
        self.assertEqual(len(said), 1, said)
        self.assertTrue(said[0].startswith(place + ": "), said[0])
        self.assertIn(part, said[0])

    def assert_clean(self, lint, tree):
        self.assertEqual([str(finding) for finding in lint.check(tree)], [])


class IncludesTest(LintTest):
    def setUp(self):
        super().setUp()
        for header in ("config/config.h", "config/base/time.h", "config/checks.h", "capture/capture.h",
                       "storage/storage.h", "storage/layout.h", "index/index.h", "index/model.h", "server/server.h"):
            self.plant_at(header, "#pragma once\n")

    def judge(self, file, include):
        return self.plant_at(file, f"// a comment\n#include {include}\n")

    def test_lets_later_stages_include_public_headers_of_earlier_ones(self):
        self.judge("storage/a.cpp", '"capture/capture.h"')
        self.judge("storage/b.cpp", '"storage/layout.h"')
        self.judge("index/c.cpp", '"config/base/time.h"')
        self.judge("server/d.cpp", '"index/model.h"')
        self.judge("server/e.cpp", "<boost/beast/http.hpp>")
        self.plant_at("server/version.h.in", "")
        self.judge("server/f.cpp", '"server/version.h"')
        self.judge("capture/agent/main.cpp", "<CLI/CLI.hpp>")
        self.assert_clean(includes, self.judge("server/cli_check.cpp", "<CLI/CLI.hpp>"))

    def test_finds_an_include_against_the_flow(self):
        self.assert_found(includes, self.judge("capture/a.cpp", '"storage/storage.h"'), "capture/a.cpp:2", "outlet")

    def test_finds_a_private_header_of_another_module(self):
        self.assert_found(includes, self.judge("index/a.cpp", '"storage/layout.h"'), "index/a.cpp:2", "private")
        self.judge("index/a.cpp", "<string>")
        self.assert_found(includes, self.judge("server/app.cpp", '"config/checks.h"'), "server/app.cpp:2", "private")

    def test_finds_short_and_wrong_paths(self):
        self.assert_found(includes, self.judge("storage/a.cpp", '"layout.h"'), "storage/a.cpp:2", "full path")
        self.assert_found(includes, self.judge("storage/a.cpp", '"storage/no.h"'), "storage/a.cpp:2", "not exist")

    def test_finds_libraries_away_from_home(self):
        for file, header in [("storage/a.cpp", "sqlite3.h"), ("server/a.cpp", "sqlite3.h"),
                             ("capture/a.cpp", "gst/gst.h"), ("storage/a.cpp", "libavutil/frame.h"),
                             ("index/a.cpp", "libavcodec/avcodec.h"), ("server/a.cpp", "toml++/toml.h"),
                             ("capture/a.cpp", "boost/asio.hpp"), ("capture/rtsp/a.cpp", "boost/beast.hpp"),
                             ("index/a.cpp", "sodium.h"), ("server/routes.cpp", "CLI/CLI.hpp"),
                             ("server/a.cpp", "gtest/gtest.h"), ("storage/a.cpp", "boost/json.hpp")]:
            with self.subTest(file=file, header=header):
                self.assert_found(includes, self.judge(file, f"<{header}>"), file + ":2", header)
                (pathlib.Path(self.folder.name) / file).unlink()

    def test_gives_the_analyst_its_decoder_and_ignores_comments_and_tests(self):
        self.judge("index/analyst/a.cpp", "<libavcodec/avcodec.h>")
        self.judge("tests/a.cpp", "<gtest/gtest.h>")
        self.assert_clean(includes, self.plant_at("config/a.cpp", '/*\n#include "server/server.h"\n*/\n'))


class LayoutTest(LintTest):
    def test_takes_the_fixed_layout(self):
        self.plant_at(".ci/run", "")
        self.plant_at("build/dev/x.txt", "")
        self.plant_at("viewer/package-lock.json", "\n" * 9000)
        self.assert_clean(layout, self.plant_at("config/a.cpp", "x\n" * 500))

    def test_finds_strange_tops(self):
        self.assert_found(layout, self.plant_at("utils/a.cpp", ""), "utils/a.cpp", "top-level folders")

    def test_finds_strange_files_at_the_top(self):
        self.assert_found(layout, self.plant_at("notes.txt", ""), "notes.txt", "top of the tree")

    def test_finds_a_second_file_beside_the_ci_entry(self):
        self.assert_found(layout, self.plant_at(".ci/steps.sh", ""), ".ci/steps.sh", "only .ci/run")

    def test_finds_long_files(self):
        self.assert_found(layout, self.plant_at("config/a.cpp", "x\n" * 501), "config/a.cpp:501", "at most 500")

    def test_finds_long_public_headers(self):
        self.assert_found(layout, self.plant_at("index/index.h", "x\n" * 151), "index/index.h:151", "at most 150")


CPP_ZOO = """
#define MJ_CHECK(x) \\
  do {              \\
  } while (false)
namespace mj {
namespace {
template <class T>
struct Pair : Base<T> {
  Pair(int a, int b) : a_(a), b_{b} {
    run("{", '{', R"x({{)x", 1'000);  // {
  }
  bool operator()(int a) const noexcept { return a == 1; }
 public:
  int a_ = 0;
  std::vector<int> list_{1, 2};
};
enum class Kind : uint8_t { one, two };
constexpr std::array<Row, f(2)> kRows = {
    Row{1, g(2)},
    Row{2, g(3)},
};
const auto square = [](int x) {
  return x * x;
};
}  // namespace
auto f(std::vector<int> list = {1, 2}) -> int {
  struct stat facts {};
  std::thread worker([&] {
    if (list.empty()) {
      return;
    }
  });
  return 1;
}
struct stat look(int x) {
  return {};
}
TEST_F(Suite, Name) {
  EXPECT_EQ(1, 1);
}
}  // namespace mj
"""

TS_ZOO = """
export function outer(a: number): Map<string, number> {
  const text = `a ${ok ? `{${a}` : '}'} {`;
  const pattern = /[{/]\\/}{/g;
  for (const x of list) {
    if (x) { y(); }
  }
  const inner = async (x: number): Promise<void> => {
    await x;
  };
  return inner / 2 / a;
}
class Thing {
  constructor(private a: number) {
    this.a = a;
  }
  get value(): number {
    return this.a;
  }
}
describe('group', () => {
  it('works', () => {
    expect(1);
  });
});
interface Shape { area(x: number): { a: number }; }
"""


class FunctionsTest(LintTest):
    def test_measures_every_kind_of_cpp_function(self):
        found = {f.name: (f.line, f.lines) for f in functions.cpp_functions("a.cpp", CPP_ZOO)}
        self.assertEqual(found, {"Pair": (9, 3), "operator()": (12, 1), "square": (22, 3), "f": (26, 9),
                                 "look": (35, 3), "Suite.Name": (38, 3)})

    def test_measures_every_kind_of_typescript_function(self):
        found = {f.name: (f.line, f.lines) for f in functions.ts_functions("a.ts", TS_ZOO)}
        self.assertEqual(found, {"outer": (2, 11), "inner": (8, 3), "constructor": (14, 3), "value": (17, 3),
                                 "it": (22, 3)})

    def body(self, lines):
        return "  x();\n" * (lines - 2)

    def test_finds_long_cpp_functions(self):
        short = "void f() {\n}\n" * 20
        self.assert_clean(functions, self.plant_at("config/a.cpp", short + f"void g(int a) {{\n{self.body(60)}}}\n"))
        tree = self.plant_at("config/a.cpp", short + f"int g(int a) {{\n{self.body(61)}}}\n")
        self.assert_found(functions, tree, "config/a.cpp:41", "function g has 61 lines")

    def test_finds_long_typescript_functions_in_svelte_too(self):
        short = "function f() {\n}\n" * 20
        text = f'<script lang="ts">\n{short}const g = (a) => {{\n{self.body(61)}}};\n</script>\n<p>{{g(1)}}</p>\n'
        self.assert_found(functions, self.plant_at("viewer/src/A.svelte", text), "viewer/src/A.svelte:42", "61 lines")

    def test_finds_too_many_long_functions(self):
        text = "void f() {\n}\n" * 8 + f"void g() {{\n{self.body(40)}}}\n"
        self.assert_found(functions, self.plant_at("config/a.cpp", text), "config/a.cpp:17", "1 of 9 C++ functions")


class SourceTextTest(unittest.TestCase):
    def test_keeps_code_and_line_breaks(self):
        self.assertEqual(blank_cpp('a("x\\"{"); /* {\n */ b(\'}\');'), "a(" + " " * 6 + ");" + " " * 5 + "\n" +
                         " " * 4 + "b(" + " " * 3 + ");")
        self.assertEqual(blank_typescript("a / b / c // {"), "a / b / c     ")


class DocumentsTest(LintTest):
    def setUp(self):
        super().setUp()
        self.plant_at("config/base/time.h", "")
        self.plant_at("config/cmake/packages.cmake", "")
        self.plant_at("README.md", "# Title of it\n")

    def test_takes_links_and_names_that_exist(self):
        self.assert_clean(documents, self.plant_at("config/README.md", """
[a](../README.md) [b](../README.md#title-of-it) [c](https://example.org/x) [d](#own-heading)
# Own heading
`config/base/time.h` `base/time.h` `time.h` `cmake/packages.cmake` `base/*.h` `base/{time,time}.h` `bash config/base/`
`text/html` `/api/v1/cases` `std::move` `hall.toml` `demo-data/` `viewer/dist/` `a/b` `[a-z0-9-]{1,48}`
```
[x](nowhere.md) `config/nowhere.h`
```
"""))

    def test_finds_what_does_not_exist(self):
        for text, part in [("[a](nowhere.md)", "leads nowhere"), ("![a](x.png)", "leads nowhere"),
                           ("[a](../README.md#other)", "names no heading"), ("[a](/etc/passwd)", "leaves the tree"),
                           ("[a](../../x.md)", "leaves the tree"), ("`config/nowhere.h`", "does not exist"),
                           ("`nowhere.cpp`", "does not exist"), ("`base/no.h`", "does not exist"),
                           ("`bash config/no.sh --x`", "`config/no.sh` does not exist"),
                           ("`base/{time,date}.h`", "does not exist"), ("`tests/`", "does not exist"),
                           ("`CHANGELOG.md`", "does not exist"), ("`capture/agent/*.cpp`", "does not exist"),
                           ('<img src="x.png">', "leads nowhere"), ("[r]: nowhere.md", "leads nowhere")]:
            with self.subTest(text=text):
                tree = self.plant_at("config/README.md", "# A\n\n" + text + "\n")
                self.assert_found(documents, tree, "config/README.md:3", part)


class RoutesTest(LintTest):
    DOCUMENT = """openapi: 3.0.3
info: {title: x, version: "1"}
paths:
  /healthz:
    get: {responses: {"200": {description: ok}}}
  /api/v1/cases/{number}:
    get: {responses: {"200": {description: ok}}}
"""
    TABLE = """constexpr Route kRoutes[] = {
    {http::verb::get, "/healthz", Access::open},
    // {http::verb::post, "/commented", Access::open},
    {http::verb::get, "/api/v1/cases/{number}", Access::person},
};
"""

    def judge(self, document, table):
        self.plant_at("server/openapi.yaml", document)
        return self.plant_at("server/routes.cpp", table) if table else Tree(self.folder.name)

    def test_takes_what_agrees(self):
        self.assert_clean(routes, self.judge(self.DOCUMENT, self.TABLE))

    def test_waits_for_the_table(self):
        self.assert_clean(routes, self.judge(self.DOCUMENT, None))

    def test_finds_an_undescribed_route(self):
        table = self.TABLE.replace("};", '    {http::verb::post, "/healthz", Access::open},\n};')
        self.assert_found(routes, self.judge(self.DOCUMENT, table), "server/routes.cpp:5", "post /healthz is not in")

    def test_finds_an_unserved_promise(self):
        document = self.DOCUMENT + '  /metrics:\n    get: {responses: {"200": {description: ok}}}\n'
        self.assert_found(routes, self.judge(document, self.TABLE), "server/openapi.yaml:8", "get /metrics is not in")

    def test_finds_a_broken_document(self):
        self.assert_found(routes, self.judge("openapi: 3.0.3\npaths: {\n", self.TABLE), "server/openapi.yaml:3", "YAML")
        self.assert_found(routes, self.judge("swagger: 2\n", self.TABLE), "server/openapi.yaml:1", "OpenAPI 3")
        document = self.DOCUMENT.replace('{responses: {"200": {description: ok}}}', "{}", 1)
        self.assert_found(routes, self.judge(document, self.TABLE), "server/openapi.yaml:4", "no responses")

    def test_finds_an_emptied_table(self):
        self.assert_found(routes, self.judge(self.DOCUMENT, "// nothing\n"), "server/routes.cpp", "no route found")


class BannedTest(LintTest):
    def test_takes_good_code(self):
        self.plant_at("index/a.cpp", '// system() is not used\nconst char* k = "SELECT a FROM b "\n    "WHERE c = ?";\n'
                                     'boost::system::error_code e;\nthread.fork(1);\nlog("update failed" + x);\n')
        self.plant_at("index/sqlite.cpp", "sqlite3_exec(db, text, 0, 0, 0);\n")
        self.plant_at("viewer/src/a.svelte", "<p class='x' onclick={go} style:left='1px'>{text}</p>\n")
        self.plant_at("viewer/index.html", '<script type="module" src="/src/main.ts"></script>\n')
        self.assert_clean(banned, self.plant_at("tests/a.cpp", 'std::system("true");\n'))

    def test_finds_what_is_banned(self):
        cases = [
            ("server/a.cpp", "// TO" "DO: later", "finish it"),
            ("config/a.sh", "# FIX" "ME", "finish it"),
            ("server/a.cpp", 'std::system("ls");', "starts a process"),
            ("capture/a.cpp", "if (fork() == 0) {}", "starts a process"),
            ("capture/a.cpp", "execvp(path, argv);", "starts a process"),
            ("index/a.cpp", 'auto* p = popen("x", "r");', "starts a process"),
            ("index/a.cpp", "sqlite3_exec(db, s, 0, 0, 0);", "bound statement"),
            ("index/a.cpp", 'run("SELECT a FROM b WHERE c = " + name);', "put together"),
            ("index/a.cpp", 'sql = prefix + "DELETE FROM b WHERE x";', "put together"),
            ("index/a.cpp", 'fmt::format("UPDATE b SET c = {}", x);', "put together"),
            ("index/a.cpp", 'std::string("INSERT INTO b "\n "VALUES (1)") + x;', "put together"),
            ("viewer/src/a.svelte", "<p>{@html text}</p>", "unescaped"),
            ("viewer/src/a.ts", "e.innerHTML = x;", "unescaped"),
            ("viewer/src/a.ts", "eval(x);", "runs text as code"),
            ("viewer/src/a.svelte", '<p style="left: 1px">x</p>', "inline style"),
            ("viewer/index.html", '<body onload="go()">', "inline script"),
            ("viewer/index.html", "<script>go();</script>", "inline script"),
            ("viewer/index.html", '<link href="https://fonts.example/x.css">', "another host"),
            ("viewer/src/a.ts", "fetch('https://api.example/x');", "another host"),
            ("viewer/src/a.css", "@font-face { src: url(//cdn.example/f.woff2); }", "another host"),
        ]
        for file, text, part in cases:
            with self.subTest(text=text):
                self.assert_found(banned, self.plant_at(file, "\n" + text + "\n"), file + ":2", part)
                (pathlib.Path(self.folder.name) / file).unlink()


class FormattingTest(LintTest):
    def test_takes_formatted_code(self):
        self.plant_at(".clang-format", "BasedOnStyle: Google\n")
        self.plant_at("config/a.sh", "if true; then :; fi\n")
        self.assert_clean(formatting, self.plant_at("config/a.cpp", "int f() { return 1; }\n"))

    def test_finds_unformatted_code(self):
        self.plant_at(".clang-format", "BasedOnStyle: Google\n")
        tree = self.plant_at("config/a.cpp", "int a;\nint  f(){return 1;}\n")
        self.assert_found(formatting, tree, "config/a.cpp:2", "clang-format-16 -i config/a.cpp")

    def test_finds_broken_scripts(self):
        self.assert_found(formatting, self.plant_at("config/a.sh", "true\nif true; then\n"), "config/a.sh:3", "bash")
        self.plant_at("config/a.sh", "true\n")
        self.assert_found(formatting, self.plant_at(".ci/run", "#!/bin/bash\nfi\n"), ".ci/run:2", "bash")
        self.plant_at(".ci/run", "#!/bin/bash\n")
        self.assert_found(formatting, self.plant_at("tests/a.py", "def f(:\n"), "tests/a.py:1", "Python")


if __name__ == "__main__":
    unittest.main()
