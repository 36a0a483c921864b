"""Runs faults one after the other: one JSON line each. See README.md."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

import clock_faults
import crash_faults
import disk_faults
import index_faults
import network_faults
import power_faults
from hall import CLIP, TOP, sh

# name: (function, in the short set, what it does)
FAULTS = {}
for module in (crash_faults, power_faults, disk_faults, index_faults, clock_faults, network_faults):
    FAULTS.update(module.FAULTS)


class Skipped(Exception):
    """The fault cannot be made on this machine."""


class Bench:
    """What every fault gets: where programs are, a folder, short or long."""

    def __init__(self, options):
        self.build = Path(options.build)
        self.long = options.long
        self.keep = options.keep
        self.folder = Path(tempfile.mkdtemp(prefix="mingjing-faults-", dir=options.dir))

    def program(self, path):
        program = self.build / path
        if not program.exists():
            raise SystemExit(f"{program} is not built: cmake --build {self.build} --target mingjingd mingjing camera_farm")
        return program

    def compiled(self, source, output, *flags):
        """A tool of ours in C, compiled once per run."""
        target = self.folder / output
        if not target.exists():
            sh("cc", "-O2", "-shared", "-fPIC", *flags, "-o", target, Path(__file__).parent / source, "-ldl")
        return target

    def need(self, *programs, root=True):
        if root and os.geteuid() != 0:
            raise Skipped("needs root: it mounts disks of its own")
        for program in programs:
            if not shutil.which(program):
                raise Skipped(f"needs {program}, which is not installed")


def run_one(bench, name):
    begun = time.monotonic()
    line = {"fault": name}
    try:
        line |= {"ok": True, "figure": FAULTS[name][0](bench)}
    except Skipped as why:
        line |= {"ok": None, "skipped": str(why)}
    except Exception as problem:  # every kind: the next fault must run
        if not isinstance(problem, AssertionError):
            traceback.print_exc()
        line |= {"ok": False, "error": f"{type(problem).__name__}: {problem}"}
    return line | {"seconds": round(time.monotonic() - begun, 1)}


def tell(line, as_json):
    if as_json:
        print(json.dumps(line), flush=True)
        return
    state = {True: "ok", False: "FAILED", None: "skipped"}[line["ok"]]
    detail = line.get("figure") or line.get("error") or line.get("skipped")
    print(f"{state:8} {line['fault']:24} {line['seconds']:6} s  {detail}", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="run.sh", description="Breaks a recording hall and looks at what it cost.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="faults to run (default: the short set; with --long: all)")
    parser.add_argument("--json", action="store_true", help="one JSON object per fault on stdout")
    parser.add_argument("--long", action="store_true", help="every fault, as often as the issue asks for (hours)")
    parser.add_argument("--list", action="store_true", help="names and what they do")
    parser.add_argument("--build", default=TOP / "build/dev", help="build directory (default: build/dev)")
    parser.add_argument("--dir", default=None, help="where to put disks and halls (default: the system's temporary folder)")
    parser.add_argument("--keep", action="store_true", help="leave everything there afterwards")
    options = parser.parse_args()
    if options.list:
        for name, (_, short, what) in FAULTS.items():
            print(f"{name:24} {'short' if short else 'long '}  {what}")
        return 0
    names = options.names or [name for name, (_, short, _) in FAULTS.items() if short or options.long]
    if unknown := [name for name in names if name not in FAULTS]:
        parser.error(f"no fault is called {', '.join(unknown)}; see --list")
    sh("bash", TOP / "tests/support/clips.sh", CLIP)
    bench = Bench(options)
    failed = 0
    try:
        for name in names:
            line = run_one(bench, name)
            failed += line["ok"] is False
            tell(line, options.json)
    finally:
        if not options.keep:
            subprocess.run(["rm", "-rf", bench.folder], check=False)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.modules["run"] = sys.modules["__main__"]  # the faults raise our Skipped
    sys.exit(main())
