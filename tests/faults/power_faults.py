"""The power is cut: an ext4 on an nbdkit disk that forgets a random half of the sectors that were not flushed."""

import random
import sqlite3
import subprocess
import time

from hall import Hall, die_with_parent, sh, wait_for
from judge import judge, worst_loss_s


class VolatileDisk:
    """nbdkit (powercut.c) → nbdfuse → loop device → ext4. No kernel module but fuse and loop."""

    def __init__(self, bench, megabytes):
        bench.need_disks()
        bench.need_fuse()
        self.plugin = bench.compiled("powercut.c", "powercut.so")
        self.image, self.socket = bench.folder / "power.img", bench.folder / "power.sock"
        self.cut_file, self.device, self.place = (bench.folder / name for name in ("power.cut", "power.dev", "power"))
        self.place.mkdir(exist_ok=True)
        self.device.touch()
        self.image.write_bytes(b"")
        sh("truncate", "-s", f"{megabytes}M", self.image)
        sh("mkfs.ext4", "-q", "-F", self.image)
        self.log = open(bench.folder / "power.log", "ab")

    def spawn(self, *command):
        return subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=self.log,
                                stderr=self.log, preexec_fn=die_with_parent)

    def on(self):
        for stale in (self.cut_file, self.cut_file.with_name("power.cut.done"), self.socket):
            stale.unlink(missing_ok=True)
        self.server = self.spawn("nbdkit", "-f", self.plugin, f"img={self.image}", f"ctl={self.cut_file}", "keep=50",
                                 "-U", self.socket)
        wait_for(self.socket.exists, 10, "nbdkit")
        self.fuse = self.spawn("nbdfuse", self.device, "--unix", self.socket)
        wait_for(lambda: self.device.stat().st_size > 0, 10, "nbdfuse")
        self.loop = sh("losetup", "-f", "--direct-io=on", "--show", self.device, stdout=-1).stdout.strip()
        sh("mount", self.loop, self.place)  # its journal is replayed, nothing else: no e2fsck

    def cut(self):
        """From now on the disk answers nothing but errors. Returns the moment in µs."""
        self.cut_file.touch()
        return int(time.time() * 1e6)

    def off(self):
        for _ in range(100):
            if sh("umount", self.place, check=False).returncode == 0:
                break
            time.sleep(0.05)
        sh("losetup", "-d", self.loop, check=False)
        time.sleep(0.1)
        sh("fusermount3", "-u", self.device, check=False)
        for process in (self.fuse, self.server):
            process.terminate()
            process.wait(10)

    def forgotten(self):
        done = self.cut_file.with_name("power.cut.done")
        return int(done.read_text().split()[3]) if done.exists() else 0


def committed(hall):
    """Rows that another process can see: those are acknowledged."""
    try:
        return set(hall.rows("SELECT stream, start_us, hex(sha256) FROM segments"))
    except sqlite3.Error:
        return set()


def power_cuts(bench):
    """≤ 2 s lost per cut, no acknowledged row lost, `check` clean; every third cut hits a recovery."""
    rounds = 60 if bench.long else 2
    seed = random.randrange(2**32)
    dice = random.Random(seed)
    losses, starts, forgotten, rows_lost, acknowledged = [], [], 0, 0, set()
    disk = VolatileDisk(bench, megabytes=192 + 8 * rounds)
    disk.on()
    try:
        with Hall(bench, "power", cameras=3, root=disk.place) as hall:
            for number in range(rounds):
                starts.append(hall.start_and_record())
                end = time.monotonic() + dice.uniform(4, 12)
                while time.monotonic() < end:
                    acknowledged |= committed(hall)
                    time.sleep(0.3)
                cut = disk.cut()
                time.sleep(0.3)
                hall.kill()
                disk.off()
                forgotten += disk.forgotten()
                disk.on()
                losses.append(worst_loss_s(hall, cut))
                assert losses[-1] <= 2, f"{losses[-1]:.2f} s lost (cut {number + 1}, seed {seed})"
                if number % 3 == 1:
                    hall.start()
                    time.sleep(dice.uniform(0.1, 1.5))
                    disk.cut()
                    time.sleep(0.2)
                    hall.kill()
                    disk.off()
                    disk.on()
                rows_lost += len(acknowledged - committed(hall))
                assert rows_lost == 0, f"{rows_lost} acknowledged rows lost (cut {number + 1}, seed {seed})"
            starts.append(hall.start_and_record())
            time.sleep(1)
            figures = judge(hall)
    finally:
        disk.off()
    return {"cuts": rounds, "seed": seed, "sectors_forgotten": forgotten, "worst_loss_s": round(max(losses), 2),
            "acknowledged_rows": len(acknowledged), "acknowledged_rows_lost": rows_lost,
            "worst_start_s": round(max(starts), 2), **figures}


FAULTS = {"power_cuts": power_cuts}
