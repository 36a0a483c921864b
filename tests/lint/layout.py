#!/usr/bin/env python3
"""The layout: what may stand at the top of the tree, and how long files may be."""

from tree import Finding, main

TOP_FOLDERS = {".ci", "config", "capture", "storage", "index", "server", "viewer", "tests"}
TOP_FILES = {
    ".clang-format", ".clang-tidy", ".gitignore", "CHANGELOG.md", "CMakeLists.txt", "CMakePresets.json", "LICENSE",
    "README.md", "README.zh-CN.md",
}
CODE_ENDINGS = (".cpp", ".h", ".ts", ".js", ".mjs", ".svelte", ".css", ".html", ".py", ".sh", ".sql", ".cmake")
MAX_LINES = 500
PUBLIC_HEADERS = {"config/config.h", "capture/capture.h", "storage/storage.h", "index/index.h", "index/model.h",
                  "server/server.h"}
MAX_PUBLIC_HEADER_LINES = 150


def check(tree):
    findings = []
    for file in tree.files:
        top, _, rest = file.partition("/")
        if rest and top not in TOP_FOLDERS:
            findings.append(Finding(file, 0, f"the folder {top}/ is none of the fixed top-level folders "
                                             f"({', '.join(sorted(TOP_FOLDERS))}); move it into one of them"))
        elif not rest and file not in TOP_FILES:
            findings.append(Finding(file, 0, "does not belong at the top of the tree; move it into the folder whose "
                                             "matter it is"))
        elif top == ".ci" and file != ".ci/run":
            findings.append(Finding(file, 0, "only .ci/run may be in .ci/; what it needs belongs to tests/ or config/"))
        findings += check_length(tree, file)
    return findings


def check_length(tree, file):
    is_public = file in PUBLIC_HEADERS
    if not is_public and not file.endswith(CODE_ENDINGS):
        return []
    allowed = MAX_PUBLIC_HEADER_LINES if is_public else MAX_LINES
    count = len(tree.text(file).splitlines())
    if count <= allowed:
        return []
    kind = "a public header" if is_public else "a file"
    return [Finding(file, count, f"{kind} has at most {allowed} lines, this one has {count}; split it by topic")]


if __name__ == "__main__":
    main(check)
