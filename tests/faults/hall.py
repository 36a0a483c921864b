"""A hall under attack: the camera farm, the real mingjingd and its folders. Nothing here knows what a fault is."""

import ctypes
import json
import mmap
import os
import shutil
import signal
import sqlite3
import struct
import subprocess
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
CLIP = "h264_720p15"

_libc = ctypes.CDLL(None)


def die_with_parent():
    """Of a child: no fault run leaves processes behind, however it ends."""
    _libc.prctl(1, signal.SIGKILL)


def sh(*command, check=True, **options):
    options.setdefault("stdout", subprocess.DEVNULL)
    options.setdefault("stderr", subprocess.PIPE)
    done = subprocess.run([str(part) for part in command], text=True, check=False, **options)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit code {done.returncode}: {(done.stderr or '').strip()}")
    return done


def wait_for(what, seconds, reason):
    """Waits until what() is true; returns how long that took."""
    begun = time.monotonic()
    while not what():
        if time.monotonic() - begun > seconds:
            raise AssertionError(f"{reason}: not within {seconds} s")
        time.sleep(0.05)
    return time.monotonic() - begun


class Shim:
    """The control page of shim.c: what the daemon's next system calls answer. FOR_EVER, of the delay: until told otherwise."""

    FIELDS = ("clock_ns", "kinds", "first", "count", "error", "delay_us", "operations", "injected")
    WRITE, SYNC, RENAME, CREATE, TRUNCATE = 1, 2, 4, 8, 16
    ALL = 31
    FOR_EVER = 2**60

    def __init__(self, folder, library, prefix):
        self.file = folder / "shim"
        self.file.write_bytes(bytes(8 * len(self.FIELDS)))
        self._open = open(self.file, "r+b")
        self._page = mmap.mmap(self._open.fileno(), 8 * len(self.FIELDS))
        self.environment = {"LD_PRELOAD": str(library), "MJ_SHIM": str(self.file), "MJ_SHIM_PREFIX": str(prefix)}

    def set(self, **values):
        for name, value in values.items():
            at = 8 * self.FIELDS.index(name)
            self._page[at : at + 8] = struct.pack("q", value)

    def get(self, name):
        at = 8 * self.FIELDS.index(name)
        return struct.unpack("q", self._page[at : at + 8])[0]


class Hall:
    """`cameras` good cameras, one or more stores, short segments. A context manager; stops all it started."""

    def __init__(self, bench, name, cameras=4, stores=1, prefix=(), root=None, extra=(), segment_seconds=5,
                 retention_days=0):
        self.bench = bench
        self.dir = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=bench.folder))
        self.root = Path(root) if root else self.dir  # where the hall's data lie: a disk of its own, perhaps
        self.prefix = list(prefix)  # of every command: `ip netns exec …`
        self.cameras = [f"cam-{number:02}" for number in range(cameras)]
        self.extra = list(extra)  # (id, url) of further cameras
        self.retention_days = retention_days
        self.stores = [self.root / f"store{number}" for number in range(stores)]
        self.segment_seconds = segment_seconds
        self.backup = self.root / "data" / "backup"
        self.more = []  # further sections of the settings
        self.index = self.root / "data" / "index"
        self.config = self.dir / "hall.toml"
        self.daemon = self.farm = None
        self.environment = {}
        self.log_begin = 0

    def __enter__(self):
        for store in self.stores:
            store.mkdir(parents=True, exist_ok=True)
        self.start_farm()
        self.write_config()
        return self

    def __exit__(self, *_):
        for process in (self.daemon, self.farm):
            if process and process.poll() is None:
                process.kill()
                process.wait()
        if not self.bench.keep:
            shutil.rmtree(self.dir, ignore_errors=True)

    # --- processes -------------------------------------------------------------------------------

    def spawn(self, log, *command, environment=None):
        with open(self.dir / log, "ab") as out:
            return subprocess.Popen(
                self.prefix + [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env={**os.environ, **(environment or {})}, preexec_fn=die_with_parent)

    def start_farm(self):
        self.farm_log = self.dir / "farm.csv"
        clip = TOP / ".cache" / "clips" / f"{CLIP}.mp4"
        self.farm = self.spawn("farm.log", self.bench.program("tests/support/camera_farm"), "--port", "0", "--tag",
                               "--clip", f"hd={clip}", "--log", self.farm_log)
        wait_for(lambda: "ready rtsp" in (self.dir / "farm.log").read_text(), 20, "the camera farm")
        line = next(l for l in (self.dir / "farm.log").read_text().splitlines() if l.startswith("ready"))
        self.farm_url = line.split()[1].rstrip("/")

    def write_config(self):
        text = [f'data_directory = "{self.root}/data"', '[hall]\nid = "faults"\nname = "Faults"',
                '[[areas]]\nid = "lobby"\nname = "Lobby"', f"[storage]\nsegment_seconds = {self.segment_seconds}",
                f'[backup]\ndirectory = "{self.backup}"',
                '[server]\nlisten = "127.0.0.1:0"']
        cameras = [(camera, f"{self.farm_url}/hd/{camera}") for camera in self.cameras] + self.extra
        for camera, url in cameras:
            text.append(f'[[cameras]]\nid = "{camera}"\nname = "{camera}"\nurl = "{url}"\narea = "lobby"\n'
                        'purpose = "test"\nlegal_basis = "test"')
        if self.retention_days:
            text.append(f"[retention]\ndays = {self.retention_days}")
        for number, store in enumerate(self.stores):
            text.append(f'[[stores]]\nid = "s{number}"\npath = "{store}"\nreserve_mb = 0')
        self.config.write_text("\n".join(text + self.more) + "\n")
        self.config.chmod(0o600)

    def start(self, environment=None):
        """Starts mingjingd; returns at once."""
        self.environment = environment or {}
        log = self.dir / "mingjingd.log"
        self.log_begin = log.stat().st_size if log.exists() else 0
        self.daemon = self.spawn("mingjingd.log", self.bench.program("server/mingjingd"), "--config", self.config,
                                 environment=self.environment)
        self.started_us = int(time.time() * 1e6)

    def start_and_record(self, environment=None, seconds=15):
        """Starts mingjingd; the seconds until every camera has footage on the disk."""
        before = self.sizes()
        begun = time.monotonic()
        self.start(environment)
        self.wait_for_footage(before, seconds)
        return time.monotonic() - begun

    def wait_for_footage(self, before=None, seconds=15):
        before = self.sizes() if before is None else before

        def all_grew():
            if self.daemon.poll() is not None:
                raise AssertionError(f"mingjingd ended with {self.daemon.returncode}: {self.last_words()}")
            grown = {path.parts[-3] for path, size in self.sizes().items() if size > before.get(path, 0) + 10_000}
            return all(f"{camera}.main" in grown for camera in self.cameras)

        return wait_for(all_grew, seconds, "footage of every camera")

    def kill(self):
        """As the kernel does; returns the moment, in µs."""
        self.daemon.kill()
        at = int(time.time() * 1e6)
        self.daemon.wait()
        return at

    def stop(self, patience=15):
        """As the service manager does."""
        self.daemon.terminate()
        try:
            code = self.daemon.wait(patience)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            raise AssertionError("mingjingd did not stop") from None
        assert code == 0, f"mingjingd stopped with exit code {code}: {self.last_words()}"

    def stop_farm(self):
        self.farm.terminate()
        self.farm.wait(10)

    def last_words(self, lines=3):
        return " | ".join((self.dir / "mingjingd.log").read_text(errors="replace").splitlines()[-lines:])

    def said(self, words):
        """Since the last start."""
        return words in (self.dir / "mingjingd.log").read_bytes()[self.log_begin :].decode(errors="replace")

    def command(self, *arguments):
        """`mingjing …` with --json; (exit code, answer)."""
        done = subprocess.run(self.prefix + [str(self.bench.program("server/mingjing")), *arguments, "--config",
                              str(self.config), "--json"], text=True, capture_output=True, timeout=120, check=False)
        assert done.stdout, f"mingjing {arguments}: {done.stderr}"
        return done.returncode, json.loads(done.stdout.splitlines()[-1])

    def believe_clock(self):
        sh(*self.prefix, self.bench.program("server/mingjing"), "believe-clock", "--config", self.config)
        wait_for(lambda: self.said("a person says that the clock is right"), 20, "the purge to hear of it")

    # --- what lies on the disk -------------------------------------------------------------------

    def files(self):
        found = []
        for store in self.stores:
            for pattern in ("*/*/*.mp4", "*/*/*.mp4.part"):
                found += store.glob(pattern)
        return found

    def sizes(self):
        """By final name: a file that recovery renamed has not grown."""
        sizes = {}
        for path in self.files():
            try:
                sizes[path.with_name(path.name.removesuffix(".part"))] = path.stat().st_size
            except FileNotFoundError:  # it was renamed just now
                pass
        return sizes

    def rows(self, sql):
        """Of the index, without disturbing it."""
        database = sqlite3.connect(f"file:{self.index}/index.db?mode=ro", uri=True, timeout=10)
        try:
            return database.execute(sql).fetchall()
        finally:
            database.close()

    def resident_kib(self):
        for line in Path(f"/proc/{self.daemon.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1])
        return 0
