#!/usr/bin/env python3
"""What may not be written: unfinished marks, child processes, SQL put together from pieces, pages that break their own
content security policy."""

import re

from source_text import blank_cpp, blank_typescript
from tree import CPP_ENDINGS, PRODUCT_MODULES, Finding, line_at, main

CODE_ENDINGS = CPP_ENDINGS + (".ts", ".js", ".mjs", ".svelte", ".css", ".html", ".py", ".sh", ".sql", ".cmake", ".toml",
                              ".yaml", ".yml", ".md", ".txt", ".service")
# Written in two halves, so that this file may be inspected too.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")

CHILD_PROCESS = re.compile(r"(?<![\w.>])(?:std::|::)?\b(system|popen|fork|vfork|exec[lv]p?e?|posix_spawnp?)\s*\(")

# The one wrapper that hands whole SQL texts to SQLite: migrations, pragmas and transactions.
SQL_RUNNER = "index/sqlite.cpp"
SQL_EXEC = re.compile(r"\bsqlite3_(exec|get_table)\s*\(")
SQL_START = r'"\s*(?:SELECT\s|INSERT\s+(?:OR\s|INTO\s)|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|DROP\s+\w+\s|ALTER\s+TABLE\s|REPLACE\s+INTO\s)'
SQL_LITERAL = SQL_START + r'(?:\\.|[^"\\\n])*"(?:\s*"(?:\\.|[^"\\\n])*")*'
SQL_JOINED = re.compile(r"(?:" + SQL_LITERAL + r'"?s?(?:\s*\)|\s*\})?\s*(?:\+|\.append\b))'
                        r"|(?:(?:\bformat|\bformat_to|\bappend|\+=?)\s*\(?\s*" + SQL_LITERAL + r")", re.IGNORECASE)

PAGE_BANS = [
    (re.compile(r"\{@html\b"), "puts unescaped text into the page; write text, or build elements"),
    (re.compile(r"\b(?:inner|outer)HTML\b|\binsertAdjacentHTML\b|\bdocument\.write\b"),
     "puts unescaped text into the page; use textContent or elements"),
    (re.compile(r"\beval\s*\(|\bnew\s+Function\s*\("), "runs text as code, which the page's policy forbids"),
]
MARKUP_BANS = [
    (re.compile(r"<[^<>]*\sstyle\s*=\s*[\"']"), "is an inline style, which the page's policy forbids; use a class"),
    (re.compile(r"<[a-z][^<>]*\son[a-z]+\s*=\s*[\"'][^{]"), "is an inline script, which the page's policy forbids"),
    (re.compile(r"<script(?![^>]*\ssrc=)[^>]*>\s*\S", re.DOTALL), "is an inline script; put it into a file"),
]
FOREIGN = re.compile(r"""(?:src|href|url|import|from|fetch)\s*(?:=|\(|\s)\s*["'`(]?\s*(?:https?:)?//(?!127\.0\.0\.1|localhost)"""
                     r"""[\w.-]+""")


def find_all(pattern, file, text, message):
    return [Finding(file, line_at(text, m.start() + len(m.group()) - len(m.group().lstrip())),
                    f"{' '.join(m.group().split())[:60]}: {message}") for m in pattern.finditer(text)]


def check_unfinished(tree):
    findings = []
    for file in tree.select(CODE_ENDINGS):
        findings += find_all(UNFINISHED, file, tree.text(file), "finish it, or open an issue and say why it can wait")
    return findings


def check_product_code(tree):
    findings = []
    for file in tree.select(CPP_ENDINGS, PRODUCT_MODULES):
        code = blank_cpp(tree.text(file))
        findings += find_all(CHILD_PROCESS, file, code, "starts a process; use a library instead")
        if file != SQL_RUNNER:
            findings += find_all(SQL_EXEC, file, code, f"only {SQL_RUNNER} runs SQL texts; use a named, bound statement")
        findings += find_all(SQL_JOINED, file, blank_cpp(tree.text(file), keep_strings=True),
                             "is SQL put together from pieces; make it one constant and bind the values")
    return findings


def check_pages(tree):
    findings = []
    for file in tree.select((".ts", ".js", ".svelte", ".html"), ["viewer"]):
        if file.startswith("viewer/tests/") or "/" not in file.removeprefix("viewer/") and file.endswith(".ts"):
            continue
        text = tree.text(file)
        markup = file.endswith((".svelte", ".html"))
        for pattern, message in PAGE_BANS:
            findings += find_all(pattern, file, text if markup else blank_typescript(text), message)
        if markup:
            for pattern, message in MARKUP_BANS[:2] if file.endswith(".svelte") else MARKUP_BANS:
                findings += find_all(pattern, file, text, message)
        findings += find_all(FOREIGN, file, text, "asks another host; no request may leave this one")
    for file in tree.select((".css",), ["viewer"]):
        findings += find_all(FOREIGN, file, tree.text(file), "asks another host; no request may leave this one")
    return findings


def check(tree):
    return check_unfinished(tree) + check_product_code(tree) + check_pages(tree)


if __name__ == "__main__":
    main(check)
