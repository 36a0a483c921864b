"""The tree under inspection, and how a lint reports: "file:line: what, and what to do".

A lint is a module with a function `check(tree) -> list of Finding`. Run as a program, it inspects the tree that it
belongs to (or the folder given as its argument), prints its findings and exits with 1 when there are any.
"""

import os
import pathlib
import sys
from typing import NamedTuple

# What builds and tools leave behind; nobody's source. The same as in .gitignore.
IGNORED_FOLDERS = {".git", ".cache", "build", "demo-data", "dist", "node_modules", "__pycache__"}

PRODUCT_MODULES = ["config", "capture", "storage", "index", "server"]
CPP_ENDINGS = (".cpp", ".h")


class Finding(NamedTuple):
    file: str
    line: int  # 0: the whole file
    message: str

    def __str__(self):
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.message}"


class Tree:
    """All source files below a folder, with paths relative to it, '/'-separated and sorted."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.files = []
        for folder, subfolders, names in os.walk(self.root):
            subfolders[:] = sorted(name for name in subfolders if name not in IGNORED_FOLDERS)
            where = pathlib.Path(folder).relative_to(self.root)
            self.files += [str(where / name) for name in names if not name.endswith((".swp", ".tsbuildinfo"))]
        self.files.sort()
        self._texts = {}

    def select(self, endings, folders=None):
        """Files with one of these endings, below one of these folders (all by default)."""
        prefixes = tuple(folder + "/" for folder in folders) if folders else ("",)
        return [file for file in self.files if file.endswith(endings) and file.startswith(prefixes)]

    def text(self, file):
        if file not in self._texts:
            self._texts[file] = (self.root / file).read_text(encoding="utf-8", errors="replace")
        return self._texts[file]

    def lines(self, file):
        """(line number, line) pairs."""
        return enumerate(self.text(file).splitlines(), start=1)

    def exists(self, path):
        return (self.root / path).exists()


def line_at(text, offset):
    return text.count("\n", 0, offset) + 1


def main(check):
    default_root = pathlib.Path(__file__).resolve().parents[2]
    tree = Tree(sys.argv[1] if len(sys.argv) > 1 else default_root)
    findings = check(tree)
    for finding in findings:
        print(finding)
    sys.exit(1 if findings else 0)
