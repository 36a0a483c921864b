#!/usr/bin/env python3
"""The include table of config/README.md: who may include whom, and where each foreign library lives."""

import re

from source_text import blank_cpp
from tree import CPP_ENDINGS, PRODUCT_MODULES, Finding, line_at, main

# Public headers of each module. Those of index/ beside index.h are its plain values and its further subjects.
PUBLIC_HEADERS = {
    "capture": {"capture/capture.h"},
    "storage": {"storage/storage.h", "storage/digest.h"},
    "index": {"index/index.h", "index/model.h", "index/case_model.h", "index/desk.h", "index/feeds.h", "index/search.h",
              "index/holds.h", "index/register.h"},
    "server": {"server/server.h"},
}
EARLIER = {module: PRODUCT_MODULES[:place] for place, module in enumerate(PRODUCT_MODULES)}

COMPOSITION_ROOT = re.compile(r"server/(app|main|cli\w*)\.(cpp|h)$")

# Library: what its headers begin with → the homes it has (a folder with '/', or a file).
LIBRARIES = [
    (r"toml\+\+/", ["config/"]),
    (r"boost/asio(/|\.hpp)", ["server/", "capture/rtsp/", "capture/agent/"]),
    (r"boost/beast(/|\.hpp)", ["server/", "capture/agent/"]),
    # JSON: the HTTP interface, the raw event, and the facts of a shot (agent, and in the file).
    (r"boost/json(/|\.hpp)", ["server/", "index/", "capture/agent/", "capture/shot_box."]),
    (r"boost/(url|system|core)(/|\.hpp)", ["server/", "capture/rtsp/", "capture/agent/"]),
    (r"boost/", ["server/"]),
    (r"openssl/", ["capture/", "storage/", "server/"]),
    (r"sodium", ["server/"]),
    (r"prometheus/", ["server/"]),
    (r"sqlite3", ["index/"]),
    (r"(libpq-fe|mysql)\.h", ["server/feeds/"]),
    (r"utf8proc", ["index/"]),
    # Queries taken apart, numbers found in titles; in config only to say that a pattern is none.
    (r"re2/", ["config/checks.cpp", "index/"]),
    # Readings of names, days of a time zone.
    (r"unicode/", ["index/"]),
    (r"lib(av|sw)\w+/", ["capture/", "index/analyst/"]),
    (r"opencv", ["index/analyst/"]),
    (r"(gst|glib|gio|gobject)(/|\.h|-)", ["capture/agent/"]),
    (r"X11/", ["capture/agent/"]),
    (r"CLI/", ["server/app.", "server/main.", "server/cli", "capture/agent/main.cpp"]),
    (r"(spdlog|fmt|tl)/", [module + "/" for module in PRODUCT_MODULES]),
    # Namespaces of the system's own headers.
    (r"(sys|netinet|net|arpa|linux|bits)/", [module + "/" for module in PRODUCT_MODULES]),
]
SYSTEM_HEADER = re.compile(r"[a-z0-9_]+(\.h)?$")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">\n]+)[">]', re.MULTILINE)


def library_homes(header):
    for pattern, homes in LIBRARIES:
        if re.match(pattern, header):
            return homes
    if SYSTEM_HEADER.match(header):
        return [module + "/" for module in PRODUCT_MODULES]
    return []


def judge_foreign(file, header):
    homes = library_homes(header)
    if any(file.startswith(home) for home in homes):
        return None
    if not homes:
        return f"<{header}> belongs to no library of the include table; do without it or give it one home"
    return f"<{header}> may be included only in {', '.join(homes)}; use that module's public header instead"


def judge_own(tree, file, header):
    module = file.split("/")[0]
    target = header.split("/")[0]
    if target not in PRODUCT_MODULES:
        return f'"{header}": write the full path from the root of the tree, or <> for a foreign library'
    if not tree.exists(header) and not tree.exists(header + ".in"):  # CMake makes a.h from a.h.in
        return f'"{header}" does not exist; is the path complete from the root of the tree?'
    if target == module:
        return None
    public = header == "config/config.h" or header.startswith("config/base/") or header in PUBLIC_HEADERS.get(target, ())
    allowed = target in EARLIER[module] or COMPOSITION_ROOT.match(file)
    if not allowed:
        return (f'"{header}": {module} may include only what comes before it in the flow '
                f"({', '.join(EARLIER[module]) or 'nothing'}); declare an outlet and let {target} implement it")
    if not public:
        return f'"{header}" is private to {target}; include a public header ({target}/{target}.h) instead'
    return None


def check(tree):
    findings = []
    for file in tree.select(CPP_ENDINGS, PRODUCT_MODULES):
        text = blank_cpp(tree.text(file), keep_strings=True)
        for match in INCLUDE.finditer(text):
            quote, header = match.groups()
            complaint = judge_own(tree, file, header) if quote == '"' else judge_foreign(file, header)
            if complaint:
                findings.append(Finding(file, line_at(text, match.start(2)), complaint))
    return findings


if __name__ == "__main__":
    main(check)
