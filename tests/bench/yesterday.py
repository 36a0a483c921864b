"""Footage of a day ago, which comes due for deletion while the benchmark runs."""

import os
import struct
import subprocess
import time

from recorders import Mingjing

DAY = 86_400
SHIM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "faults", "shim.c")


def late(apart, folder, seconds):
    """The environment of a process whose clock is late by so many seconds. `apart`: a folder for what that needs; `folder`: its own."""
    library, page = os.path.join(apart, "shim.so"), os.path.join(apart, "page")
    subprocess.run(["clang-16", "-O2", "-shared", "-fPIC", "-o", library, SHIM, "-ldl"], check=True)
    with open(page, "wb") as out:
        out.write(struct.pack("8q", int(-seconds * 1e9), *[0] * 7))
    return {"LD_PRELOAD": library, "MJ_SHIM": page, "MJ_SHIM_PREFIX": folder}


def record(bench, folder, cameras, seconds, due_after):
    """Every camera for so many seconds, by a recorder whose clock is late: each segment is due `due_after` seconds after it was
    recorded, when it is one day old. Returns where that footage begins (µs)."""
    apart = os.path.join(folder, "yesterday")
    os.makedirs(apart)
    begun = int((time.time() - DAY + due_after) * 1e6)
    environment = late(apart, folder, DAY - due_after)
    with bench.farm(apart) as farm, Mingjing(bench.programs, farm, cameras, folder, 20, environment):
        farm.wait_playing(cameras, 30 + cameras / 5)
        time.sleep(seconds)
    return begun


def let_a_day_pass(bench, folder):
    """The purge believes no clock that jumps: it is told that the day went by."""
    subprocess.run([bench.programs["mingjing"], "believe-clock", "--config", os.path.join(folder, "hall.toml")],
                   stdout=subprocess.DEVNULL, check=True)


def left(folder, until_us):
    """Files of segments that began before that moment."""
    return sum(1 for _, _, names in os.walk(os.path.join(folder, "store")) for name in names
               if name.endswith(".mp4") and int(name.removesuffix(".mp4")) < until_us)
