"""Runs faults, a few at a time: one JSON line each. See README.md."""

import argparse
import json
import subprocess
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor, as_completed

import agent_faults
import clock_faults
import crash_faults
import disk_faults
import feed_faults
import index_faults
import network_faults
import power_faults
from bench import Bench, Skipped
from hall import CLIP, TOP, die_with_parent, sh

# name: (function, what it does); those that take longest come first, so that none is waited for at the end
FAULTS = {}
for module in (clock_faults, disk_faults, agent_faults, network_faults, power_faults, crash_faults, index_faults,
               feed_faults):
    FAULTS.update(module.FAULTS)


def run_one(bench, name):
    begun = time.monotonic()
    line = {"fault": name}
    try:
        line |= {"ok": True, "figure": FAULTS[name](bench)}
    except Skipped as why:
        line |= {"ok": None, "skipped": str(why)}
    except Exception as problem:  # every kind: the next fault must run
        if not isinstance(problem, AssertionError):
            traceback.print_exc()
        line |= {"ok": False, "error": f"{type(problem).__name__}: {problem}"}
    return line | {"seconds": round(time.monotonic() - begun, 1)}


def run_here(options, name):
    bench = Bench(options)
    try:
        return run_one(bench, name)
    finally:
        bench.close()


def run_beside(options, name):
    """In a process of its own: faults neither hear nor wait for each other."""
    command = [sys.executable, "-B", __file__, "--json", "--build", options.build, name]
    command += ["--dir", options.dir] if options.dir else []
    command += [flag for flag, wanted in (("--long", options.long), ("--keep", options.keep)) if wanted]
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False, preexec_fn=die_with_parent)
    words = [line for line in done.stderr.splitlines(keepends=True) if not line.startswith("faults: ")]
    sys.stderr.write("".join(words))
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    return json.loads(lines[-1]) if lines else {"fault": name, "ok": False, "error": f"exit code {done.returncode}",
                                                "seconds": 0}


def tell(line, as_json):
    if as_json:
        print(json.dumps(line), flush=True)
        return
    state = {True: "ok", False: "FAILED", None: "skipped"}[line["ok"]]
    detail = line.get("figure") or line.get("error") or line.get("skipped")
    print(f"{state:8} {line['fault']:24} {line['seconds']:6} s  {detail}", flush=True)


def run_all(options, names):
    if len(names) == 1:
        yield run_here(options, names[0])
        return
    with ThreadPoolExecutor(options.jobs) as pool:
        for done in as_completed([pool.submit(run_beside, options, name) for name in names]):
            yield done.result()


def main():
    parser = argparse.ArgumentParser(prog="run.sh", description="Breaks a recording hall and looks at what it cost.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="faults to run (default: all)")
    parser.add_argument("--json", action="store_true", help="one JSON object per fault on stdout")
    parser.add_argument("--long", action="store_true", help="each as often and as long as it should happen: an hour")
    parser.add_argument("--list", action="store_true", help="names and what they do")
    parser.add_argument("--jobs", type=int, default=3, help="so many at a time (default: 3; they mostly wait)")
    parser.add_argument("--build", default=TOP / "build/dev", help="build directory (default: build/dev)")
    parser.add_argument("--dir", default=None, help="where to put disks and halls (default: the system's temporary folder)")
    parser.add_argument("--keep", action="store_true", help="leave everything there afterwards")
    options = parser.parse_args()
    if options.list:
        for name, fault in FAULTS.items():
            print(f"{name:24} {fault.__doc__}")
        return 0
    names = options.names or list(FAULTS)
    if unknown := [name for name in names if name not in FAULTS]:
        parser.error(f"no fault is called {', '.join(unknown)}; see --list")
    sh("bash", TOP / "tests/support/clips.sh", CLIP)
    begun = time.monotonic()
    states = []
    for line in run_all(options, names):
        states.append(line["ok"])
        tell(line, options.json)
        if line["ok"] is None:
            print(f"faults: skipped {line['fault']}: {line['skipped']}", file=sys.stderr, flush=True)
    print(f"faults: {states.count(True)} passed, {states.count(False)} failed, {states.count(None)} skipped"
          f" in {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    return 1 if False in states else 0


if __name__ == "__main__":
    sys.exit(main())
