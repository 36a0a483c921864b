#!/usr/bin/env python3
"""Function sizes in C++, TypeScript and JavaScript: none over 60 lines, nine in ten under 40.

Braces are matched on text without comments and literals. What opens a function is read from the words before its
brace; that is dependable on formatted code. C++ lambdas count within their function.
"""

import re
from typing import NamedTuple

from source_text import blank_cpp, blank_preprocessor, blank_typescript, svelte_scripts
from tree import CPP_ENDINGS, Finding, line_at, main

MAX_LINES = 60
SHORT_LINES = 40  # nine in ten are shorter than this
MIN_SHARE = 0.9


class Function(NamedTuple):
    file: str
    line: int
    name: str
    lines: int


# ---- C++ ----

CPP_SCOPE = re.compile(
    r"^(?:(?:inline\s+)?namespace\b|extern\s*$|(?:typedef\s+|static\s+|const\s+|constexpr\s+)*"
    r"(?:class|struct|union|enum)\b(?!.*\)\s*(?:const\b|noexcept\b|override\b|final\b|->.*)*\s*$))", re.DOTALL)
CPP_TEMPLATE = re.compile(r"^template\s*<[^{};]*?>\s*(?:requires\s*[^{};]*?\)\s*)?(?=\w|\[)", re.DOTALL)
ACCESS = re.compile(r"^(?:public|private|protected)\s*:")


def head_kind(head):
    """What a '{' after these words opens: 'scope', 'function' or 'value'."""
    head = ACCESS.sub("", head.strip()).strip()
    head = CPP_TEMPLATE.sub("", head)
    if CPP_SCOPE.match(head):
        return "scope"
    if not head or head[-1] in "=,(":
        return "value"
    if "(" in head or re.search(r"\]\s*$", head):
        return "function"
    return "value"


def cpp_name(head):
    head = ACCESS.sub("", head.strip()).strip()
    lambda_name = re.search(r"([\w:]+)\s*=\s*\[", head)
    if lambda_name:
        return lambda_name.group(1)
    test = re.match(r"TEST\w*\(\s*(\w+),\s*(\w+)", head)
    if test:
        return f"{test.group(1)}.{test.group(2)}"
    call = re.search(r"(operator\s*\S+?|[~\w:]+)\s*\(", head)
    return call.group(1) if call else "?"


def cpp_functions(file, text):
    text = blank_preprocessor(blank_cpp(text))
    found = []
    stack = []  # (kind, start of the head, head) of each open brace
    head_start = 0
    parens = 0
    inside_function = 0
    for match in re.finditer(r"[{}();]", text):
        char, at = match.group(), match.start()
        if char == "(":
            parens += 1
        elif char == ")":
            parens -= 1
        elif char == "{":
            head = text[head_start:at]
            # A brace right after a name is an initializer: formatted code puts a space before a body.
            is_value = parens > 0 or (at > 0 and not text[at - 1].isspace())
            kind = "block" if inside_function else "value" if is_value else head_kind(head)
            stack.append((kind, head_start, parens))
            parens = 0
            if kind == "function":
                inside_function += 1
            if kind != "value":
                head_start = at + 1
        elif char == "}" and stack:
            kind, start, parens = stack.pop()
            if kind == "function":
                inside_function -= 1
                first = start + len(text[start:at]) - len(text[start:at].lstrip())
                line = line_at(text, first)
                found.append(Function(file, line, cpp_name(text[start:at].split("{")[0]), line_at(text, at) - line + 1))
            # After an initializer the statement goes on ("a_{1}, b_{2} {").
            head_start = start if kind == "value" else at + 1
        elif char == ";" and parens == 0:
            head_start = at + 1
    return found


# ---- TypeScript, JavaScript ----

TS_CONTROL = {"if", "for", "while", "switch", "catch", "with", "await"}
TS_GROUPS = {"describe", "suite"}  # the callback of a group of tests is a scope, not a function


def matching_paren(text, close):
    depth = 0
    for at in range(close, -1, -1):
        if text[at] == ")":
            depth += 1
        elif text[at] == "(":
            depth -= 1
            if depth == 0:
                return at
    return -1


def ts_function_start(text, brace):
    """(name, offset) of the function whose body opens at `brace`, or None."""
    before = text[:brace].rstrip()
    arrow = before.endswith("=>")
    if arrow:
        before = before[:-2].rstrip()
    typed = re.search(r"\)\s*:\s*[^;{}()=?]+$", before[-300:])
    if typed:
        before = before[: len(before) - len(typed.group()) + 1]
    if not before.endswith(")"):
        return ("=>", len(before)) if arrow else None
    opening = matching_paren(text, len(before) - 1)
    window = max(0, opening - 200)
    words = re.search(r"([\w$#]+)?\s*(?:<[^<>()]*>)?\s*$", text[window:opening])
    name = words.group(1) or ""
    if not arrow and (not name or name in TS_CONTROL):
        return None
    if not arrow:
        return name, window + words.start(1)
    outer = re.search(r"([\w$.#]+)\s*(?:\([^()]*,\s*|=\s*)(?:async\s*)?$", text[window:opening])
    if outer and outer.group(1).split(".")[0] in TS_GROUPS:
        return None
    return (outer.group(1) if outer else "=>"), opening


def ts_functions(file, text):
    text = blank_typescript(text)
    found = []
    stack = []
    for match in re.finditer(r"[{}]", text):
        if match.group() == "{":
            stack.append(ts_function_start(text, match.start()))
        elif stack:
            start = stack.pop()
            if start:
                line = line_at(text, start[1])
                found.append(Function(file, line, start[0], line_at(text, match.start()) - line + 1))
    return found


# ---- The verdict ----


def all_functions(tree):
    """(C++ functions, TypeScript functions) of the tree."""
    cpp = [f for file in tree.select(CPP_ENDINGS) for f in cpp_functions(file, tree.text(file))]
    ts = [f for file in tree.select((".ts", ".js", ".mjs")) for f in ts_functions(file, tree.text(file))]
    ts += [f for file in tree.select((".svelte",)) for f in ts_functions(file, svelte_scripts(tree.text(file)))]
    return cpp, ts


def check(tree):
    findings = []
    for language, functions in zip(("C++", "TypeScript"), all_functions(tree)):
        for function in functions:
            if function.lines > MAX_LINES:
                findings.append(Finding(function.file, function.line,
                                        f"function {function.name} has {function.lines} lines, at most {MAX_LINES} are "
                                        "allowed; split it by steps that can be named"))
        long = sorted((f for f in functions if f.lines >= SHORT_LINES), key=lambda f: -f.lines)
        if functions and 1 - len(long) / len(functions) < MIN_SHARE:
            worst = ", ".join(f"{f.file}:{f.line} {f.name} ({f.lines})" for f in long[:5])
            findings.append(Finding(long[0].file, long[0].line,
                                    f"{len(long)} of {len(functions)} {language} functions have {SHORT_LINES} lines or "
                                    f"more, at most one in ten may; shorten the longest: {worst}"))
    return findings


if __name__ == "__main__":
    main(check)
