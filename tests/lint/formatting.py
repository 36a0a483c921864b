#!/usr/bin/env python3
"""C++ looks as clang-format leaves it; shell scripts and Python programs can be parsed."""

import re
import subprocess

from tree import CPP_ENDINGS, Finding, main

CLANG_FORMAT = "clang-format-16"
BATCH = 40
COMPLAINT = re.compile(r"^(.+?):(\d+):\d+: error: code should be clang-formatted", re.MULTILINE)


def check_cpp(tree):
    files = tree.select(CPP_ENDINGS)
    findings = []
    for start in range(0, len(files), BATCH):
        batch = files[start : start + BATCH]
        try:
            run = subprocess.run([CLANG_FORMAT, "--dry-run", "-Werror", *batch], cwd=tree.root, capture_output=True,
                                 text=True, check=False)
        except FileNotFoundError:
            return [Finding("config/packages.txt", 0, f"{CLANG_FORMAT} is not installed; run bash config/install.sh")]
        first = {}
        for file, line in COMPLAINT.findall(run.stderr):
            first.setdefault(file, int(line))
        findings += [Finding(file, line, f"is not formatted (here first); run {CLANG_FORMAT} -i {file}")
                     for file, line in first.items()]
        if run.returncode != 0 and not first:
            findings.append(Finding(batch[0], 0, f"{CLANG_FORMAT} failed: {run.stderr.strip()[:300]}"))
    return findings


def is_shell(tree, file):
    return file.endswith(".sh") or ("." not in file.rsplit("/", 1)[-1] and
                                    re.match(r"#!.*\b(ba)?sh\b", tree.text(file)[:60]) is not None)


def check_shell(tree):
    findings = []
    for file in tree.select(("",)):
        if not is_shell(tree, file):
            continue
        run = subprocess.run(["bash", "-n", file], cwd=tree.root, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            line = re.search(r"line (\d+): (.*)", run.stderr)
            findings.append(Finding(file, int(line.group(1)) if line else 0,
                                    f"bash cannot parse it: {line.group(2) if line else run.stderr.strip()}"))
    return findings


def check_python(tree):
    findings = []
    for file in tree.select((".py",)):
        try:
            compile(tree.text(file), file, "exec", dont_inherit=True)
        except SyntaxError as error:
            findings.append(Finding(file, error.lineno or 0, f"Python cannot parse it: {error.msg}"))
    return findings


def check(tree):
    return check_cpp(tree) + check_shell(tree) + check_python(tree)


if __name__ == "__main__":
    main(check)
