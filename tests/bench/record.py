#!/usr/bin/env python3
"""The record benchmark: what recording a hall costs, next to one ffmpeg per camera and to reading sockets into files.

Called by run.sh. Each phase starts its own farm and recorder in a folder of its own and removes it. What a phase finds goes
to standard error as it comes; the last line on standard output is one JSON object."""

import argparse
import contextlib
import json
import mmap
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from farm import Farm
from measure import cpu_seconds, load, pss_mb, thread_costs, threads
from players import Account, Players
from recorders import FfmpegEach, Mingjing, Raw
import yesterday

KEYS = ["cpu_ms_per_camera_second", "ratio_ffmpeg", "ratio_raw_nohash", "pss_mb", "threads", "reads_per_frame", "lost_frames",
        "reset_recovery_s", "flat_ratio_177_8", "max_cameras_720p15"]
CONNECTS_PER_SECOND = 20  # mingjingd's own limit
WARM_UP = 4               # seconds after the last camera plays
MEMORY = 4 << 30          # more than a run writes
OLD_SECONDS = 60          # of footage that comes due during the soak,
OLD_DUE_AFTER = 80        # while two viewers are playing it


def say(text):
    print(f"[{time.strftime('%H:%M:%S')} load {load():.1f}] {text}", file=sys.stderr, flush=True)


def level_ground():
    """The same start for every run: nothing of others to write out, and free memory that a virtual machine's host has given us.

    A page that the host must find first costs the copy into it three times as much, whoever makes it."""
    os.sync()
    with mmap.mmap(-1, MEMORY) as memory:
        memory.madvise(23)  # MADV_POPULATE_WRITE


class Bench:
    """Options, programs and what has been measured so far."""

    def __init__(self, options):
        self.options = options
        build = options.build
        self.programs = {name: os.path.join(build, place) for name, place in [
            ("mingjingd", "server/mingjingd"), ("mingjing", "server/mingjing"), ("camera_farm", "tests/support/camera_farm"),
            ("tag_check", "tests/support/tag_check"), ("raw_reader", "tests/bench/raw_reader"), ("hash_cost", "tests/bench/hash_cost"),
            ("rtsp_pull", "tests/capture/rtsp/rtsp_pull")]}
        self.result = dict.fromkeys(KEYS)

    @contextlib.contextmanager
    def folder(self):
        level_ground()
        path = tempfile.mkdtemp(prefix="record-", dir=self.options.scratch)
        try:
            yield path
        finally:
            if self.options.keep:
                say(f"kept: {path}")
            else:
                shutil.rmtree(path, ignore_errors=True)

    def farm(self, folder, clip="hd"):
        return Farm(self.programs, self.options.clips, folder, clip)

    def measure(self, recorder_class, cameras, seconds, clip="hd"):
        """One run: {cpu: ms per camera-second, bytes: per camera-second, ...}."""
        with self.folder() as folder:
            with self.farm(folder, clip) as farm, recorder_class(self.programs, farm, cameras, folder) as recorder:
                farm.wait_playing(cameras, 30 + cameras / 5)
                time.sleep(WARM_UP)
                cpu, stats, began = cpu_seconds(recorder.pids), farm.stats(), time.monotonic()
                parts = thread_costs(recorder.pids[0])
                time.sleep(seconds)
                spent, after, took = cpu_seconds(recorder.pids) - cpu, farm.stats(), time.monotonic() - began
                per = 1000 / took / cameras
                run = {"cpu": spent * per, "bytes": (after["MB"] - stats["MB"]) * 1e6 / took / cameras,
                       "pss": pss_mb(recorder.pids), "threads": threads(recorder.pids),
                       "playing": after["playing"], "farm_dropped": after["dropped"]}
                if recorder_class is Mingjing:
                    now = thread_costs(recorder.pid)
                    run["parts"] = {name: round((now[name] - parts.get(name, 0)) * per, 3) for name in now}
            if recorder_class is Mingjing:
                run["tags"] = farm.check(recorder.store)
        say(f"{recorder_class.__name__} {cameras} x {clip}: " + json.dumps(
            {key: round(value, 3) if isinstance(value, float) else value for key, value in run.items()}))
        return run


def hash_cost(bench, cameras):
    """Nanoseconds of CPU per byte that SHA-256 takes here and now."""
    told = subprocess.run([bench.programs["hash_cost"], str(cameras), "262144", "3"], stdout=subprocess.PIPE, check=True)
    return float(told.stdout)


def pairs(bench):
    """Recorder and yardsticks in turn."""
    n, seconds, result = bench.options.cameras, bench.options.seconds, bench.result
    ours, ffmpeg, raw, hashing, lost = [], [], [], [], 0
    for turn in range(bench.options.pairs):
        say(f"pair {turn + 1} of {bench.options.pairs}")
        run = bench.measure(Mingjing, n, seconds)
        ours.append(run)
        lost += run["tags"]["lost"] + run["tags"]["head"]
        ffmpeg.append(bench.measure(FfmpegEach, n, seconds))
        raw.append(bench.measure(Raw, n, seconds))
        hashing.append(hash_cost(bench, n) * run["bytes"] * 1e-6)
    ratios = [a["cpu"] / b["cpu"] for a, b in zip(ours, ffmpeg)]
    nohash = [(a["cpu"] - h) / b["cpu"] for a, b, h in zip(ours, raw, hashing)]
    result["cpu_ms_per_camera_second"] = round(statistics.median(run["cpu"] for run in ours), 3)
    result["ratio_ffmpeg"] = round(statistics.median(ratios), 3)
    result["ratio_raw_nohash"] = round(statistics.median(nohash), 3)
    result["pss_mb"] = round(statistics.median(run["pss"] for run in ours), 1)
    result["threads"] = max(run["threads"] for run in ours)
    result["lost_frames"] = lost
    say(f"ratios to ffmpeg {ratios}, to raw without hashing {nohash}, hashing {hashing} ms per camera-second")


def reads(bench):
    """The engine alone counts its reads; the daemon reads with the same engine."""
    n = bench.options.cameras
    with bench.folder() as folder, bench.farm(folder) as farm:
        told = subprocess.run([bench.programs["rtsp_pull"], str(n), farm.prefix, str(bench.options.seconds)],
                              stdout=subprocess.PIPE, check=True).stdout.decode()
    say("rtsp_pull: " + told.strip())
    fields = dict(part.split("=") for part in told.split() if "=" in part)
    bench.result["reads_per_frame"] = float(fields["reads_per_frame"])


def reset(bench):
    """All cameras reset their connections at once; then all must be back, and nothing lost but what was on the way."""
    n = bench.options.cameras
    with bench.folder() as folder:
        with bench.farm(folder) as farm, Mingjing(bench.programs, farm, n, folder) as recorder:
            farm.wait_playing(n, 30 + n / 5)
            time.sleep(11)  # a session that lasted 10 s starts the ladder of pauses anew
            cpu = cpu_seconds(recorder.pids)
            took = farm.reset(n)
            cores = (cpu_seconds(recorder.pids) - cpu) / took
            time.sleep(3)
        tags = farm.check(recorder.store)
    say(f"mass reset: back after {took:.1f} s with {cores:.2f} cores; {tags}")
    bench.result["reset_recovery_s"] = round(took, 1)


def flat(bench):
    """CPU per camera with all cameras, compared with eight."""
    few = statistics.median(bench.measure(Mingjing, 8, bench.options.seconds)["cpu"] for _ in range(bench.options.pairs))
    bench.result["flat_ratio_177_8"] = round(bench.result["cpu_ms_per_camera_second"] / few, 3)


def most(bench):
    """The largest number of 720p15 cameras of the list that is recorded without a lost or dropped frame."""
    for n in bench.options.most:
        run = bench.measure(Mingjing, n, bench.options.seconds, "sd")
        tags = run["tags"]
        if tags["lost"] or tags["head"] or tags["farm_dropped"] or run["playing"] < n:
            return
        bench.result["max_cameras_720p15"] = n


def soak(bench):
    """Many minutes with rotation of files, eight viewers, and the oldest footage deleted: every frame must be there. Adds to lost_frames."""
    n, seconds = bench.options.cameras, bench.options.soak
    with bench.folder() as folder:
        oldest = yesterday.record(bench, folder, n, OLD_SECONDS, OLD_DUE_AFTER)
        yesterday.let_a_day_pass(bench, folder)
        begun = int(time.time() * 1e6)
        old = yesterday.left(folder, begun)
        with bench.farm(folder) as farm, Mingjing(bench.programs, farm, n, folder, segment_seconds=20) as recorder:
            farm.wait_playing(n, 30 + n / 5)
            time.sleep(15)
            with Players(Account(recorder.output), n, oldest) as players:
                time.sleep(seconds)
            told = players.told()
        deleted = old - yesterday.left(folder, begun)
        tags = farm.check(recorder.store)
    say(f"soak of {seconds} s: {tags}; {deleted} of {old} old segments deleted; {told}")
    if told["faults"] or told["idle"] or told["skips"]:
        raise RuntimeError(f"viewers could not play: {told}")
    if deleted < old:
        raise RuntimeError(f"{old - deleted} of {old} segments that came due are still there")
    bench.result["lost_frames"] = (bench.result["lost_frames"] or 0) + tags["lost"] + tags["head"]


PHASES = {"pairs": pairs, "reads": reads, "reset": reset, "flat": flat, "most": most, "soak": soak}


def options():
    parser = argparse.ArgumentParser(prog="run.sh record", description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="the default and only form; accepted for clarity")
    parser.add_argument("--cameras", type=int, default=177)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=20, help="measured in each run")
    parser.add_argument("--soak", type=int, default=600, help="seconds of the soak phase; 0: none")
    parser.add_argument("--most", type=int, nargs="*", default=[1000, 1300, 1600], help="numbers of 720p15 cameras to try")
    parser.add_argument("--phases", default=",".join(PHASES), help="some of " + ",".join(PHASES))
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--clips", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--scratch", default=None, help="folder on the disk to measure with (default: build's)")
    parser.add_argument("--keep", action="store_true", help="leave the recordings and logs")
    found = parser.parse_args()
    found.scratch = os.path.abspath(found.scratch or os.path.join(found.build, "record"))
    os.makedirs(found.scratch, exist_ok=True)
    return found


def main():
    bench = Bench(options())
    wanted = bench.options.phases.split(",")
    if not bench.options.soak and "soak" in wanted:
        wanted.remove("soak")
    for name in wanted:
        try:
            PHASES[name](bench)
        except (RuntimeError, OSError, subprocess.SubprocessError, TypeError, KeyError) as error:
            say(f"phase {name} cannot tell: {type(error).__name__}: {error}")
    for key in (key for key in KEYS if bench.result[key] is None):
        say(f"{key} is null: its phase did not run or could not tell (above)")
    print(json.dumps(bench.result), flush=True)


if __name__ == "__main__":
    main()
