"""What every fault gets: where programs are, a folder, short or long; and what this machine can do."""

import os
import shutil
import tempfile
from pathlib import Path

from hall import sh


class Skipped(Exception):
    """The fault cannot be made on this machine."""


class Bench:
    """One per process. Owns a folder; leaves it there if asked to."""

    def __init__(self, options):
        self.build = Path(options.build)
        self.long = options.long
        self.keep = options.keep
        self.folder = Path(tempfile.mkdtemp(prefix="mingjing-faults-", dir=options.dir))

    def close(self):
        if not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def program(self, path):
        program = self.build / path
        if not program.exists():
            raise SystemExit(f"{program} is not built: cmake --build {self.build} --target mingjingd mingjing camera_farm")
        return program

    def compiled(self, source, output):
        """A tool of ours in C, compiled once per run."""
        target = self.folder / output
        if not target.exists():
            sh("clang-16", "-O2", "-shared", "-fPIC", "-o", target, Path(__file__).parent / source, "-ldl")
        return target

    # --- what the machine must be able to do: where it cannot, the fault is skipped; a missing program is a failure ---

    @staticmethod
    def need(*programs):
        if missing := [program for program in programs if not shutil.which(program)]:
            raise RuntimeError(f"{', '.join(missing)} not installed: bash config/install.sh tests")

    @staticmethod
    def need_root():
        if os.geteuid() != 0:
            raise Skipped("needs root: it mounts disks or makes networks of its own")
        if (tried := sh("unshare", "--mount", "--net", "true", check=False)).returncode != 0:
            raise Skipped(f"this root may not mount here: {tried.stderr.strip()}")

    def need_disks(self):
        self.need_root()  # first: who is not root may not even have these on the PATH
        self.need("mkfs.ext4", "losetup", "mount", "truncate")
        probe = self.folder / "probe.img"
        sh("truncate", "-s", "1M", probe)
        tried = sh("losetup", "-f", "--show", probe, check=False, stdout=-1)
        if tried.returncode != 0:
            raise Skipped(f"no loop devices: {tried.stderr.strip()}")
        sh("losetup", "-d", tried.stdout.strip())
        probe.unlink()

    def need_fuse(self):
        self.need("nbdkit", "nbdfuse", "fusermount3")
        if not os.path.exists("/dev/fuse"):
            raise Skipped("needs /dev/fuse")
