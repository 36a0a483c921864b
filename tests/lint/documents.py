#!/usr/bin/env python3
"""Markdown: every link leads somewhere, every file name in backquotes exists."""

import os
import re
import unicodedata
import urllib.parse

from layout import TOP_FILES, TOP_FOLDERS
from tree import IGNORED_FOLDERS, Finding, main

LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
REFERENCE = re.compile(r"^\[[^\]]+\]:\s+<?(\S+?)>?\s*$", re.MULTILINE)
IMAGE_TAG = re.compile(r"""<(?:img|a)\s[^>]*?(?:src|href)=["']([^"']+)["']""")
BACKQUOTED = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)

# A bare name with one of these endings is a source file of ours.
SOURCE_ENDINGS = (".cpp", ".h", ".py", ".sh", ".sql", ".svelte", ".ts", ".mjs", ".cmake")
PATH = re.compile(r"[\w.*@{},-]+(?:/[\w.*@{},-]+)*/?$")


def without_fences(text):
    return FENCE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def anchor_of(heading):
    """As forges make anchors: lower case, spaces to dashes, punctuation dropped."""
    plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", lambda match: match.group(1) or "", heading).strip().lower()
    kept = [c for c in plain if c in " -_" or unicodedata.category(c)[0] in "LN"]
    return "".join(kept).replace(" ", "-")


def check_link(tree, file, target):
    if re.match(r"[a-z][a-z0-9+.-]*:", target):
        return None
    path, _, anchor = urllib.parse.unquote(target).partition("#")
    found = os.path.normpath(os.path.join(os.path.dirname(file), path)) if path else file
    if path.startswith("/") or found.startswith(".."):
        return f"the link {target} leaves the tree; link to a file of the tree, relative to this one"
    if not tree.exists(found):
        return f"the link {target} leads nowhere ({found} does not exist); mend or remove it"
    if anchor and found.endswith(".md"):
        anchors = {anchor_of(heading) for heading in HEADING.findall(without_fences(tree.text(found)))}
        if anchor.lower() not in anchors:
            return f"the link {target} names no heading of {found}; its headings are {', '.join(sorted(anchors))}"
    return None


def expand(path):
    """"a/{b,c}.h" → "a/b.h", "a/c.h"."""
    match = re.search(r"\{([^{}]*,[^{}]*)\}", path)
    if not match:
        return [path]
    return [whole for part in match.group(1).split(",")
            for whole in expand(path[: match.start()] + part + path[match.end() :])]


def looks_like_ours(tree, file, word):
    """True when a backquoted word is meant as the name of a file or folder of this tree."""
    if not PATH.match(word) or set(word.split("/")) & IGNORED_FOLDERS or "{" in expand(word)[0]:
        return False
    if word in TOP_FILES:
        return True
    first, slash, _ = word.partition("/")
    if not slash:
        return word.endswith(SOURCE_ENDINGS) and word not in SOURCE_ENDINGS
    here = os.path.join(os.path.dirname(file), first)
    return first in TOP_FOLDERS or (tree.root / here).is_dir() or word.endswith(SOURCE_ENDINGS)


def name_exists(tree, file, word):
    here = os.path.dirname(file)
    for path in expand(word):
        candidates = [path, os.path.normpath(os.path.join(here, path))]
        if any(list(tree.root.glob(c.rstrip("/"))) if "*" in c else tree.exists(c) for c in candidates):
            continue
        if "/" not in path and any(os.path.basename(f) == path for f in tree.files if f.startswith(here)):
            continue
        return False
    return True


def check_names(tree, file, text):
    for match in BACKQUOTED.finditer(text):
        for word in match.group(1).split():
            word = word.rstrip(",.;:")
            if looks_like_ours(tree, file, word) and not name_exists(tree, file, word):
                line = text.count("\n", 0, match.start()) + 1
                yield Finding(file, line, f"`{word}` does not exist; name a file that does, or take the name out")


def check(tree):
    findings = []
    for file in tree.select((".md",)):
        text = without_fences(tree.text(file))
        for pattern in (LINK, REFERENCE, IMAGE_TAG):
            for match in pattern.finditer(text):
                complaint = check_link(tree, file, match.group(1))
                if complaint:
                    findings.append(Finding(file, text.count("\n", 0, match.start()) + 1, complaint))
        findings += check_names(tree, file, text)
    return findings


if __name__ == "__main__":
    main(check)
