"""The camera farm and the reader of its tags (tests/support/camera_farm/README.md)."""

import json
import os
import re
import signal
import subprocess
import time

from measure import Child

CLIPS = {"hd": "h264_1080p25.mp4", "sd": "h264_720p15.mp4"}


class Farm:
    """Runs while it is used with `with`; writes its log when it ends."""

    def __init__(self, programs, clips, folder, clip="hd"):
        self.programs, self.folder, self.clip = programs, folder, clip
        self.csv = os.path.join(folder, "farm.csv")
        self.child = Child("farm", [programs["camera_farm"], "--port", 0, "--tag", "--log", self.csv, "--stats", 0.25,
                                    "--clip", f"{clip}={os.path.join(clips, CLIPS[clip])}"], folder)
        ready = self.child.wait_for(lambda text: re.search(r"^ready rtsp://127\.0\.0\.1:(\d+)/$", text, re.M), 30)
        self.prefix = f"rtsp://127.0.0.1:{ready.group(1)}/{clip}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.stop()

    def url(self, camera):
        return f"{self.prefix}/cam{camera:04d}"

    def stats(self):
        """The newest totals, as numbers by name."""
        line = re.findall(r"^t=.*$", self.child.text(), re.M)[-1]
        return {key: float(value) for key, value in (part.split("=") for part in line.split())}

    def wait_playing(self, cameras, seconds):
        self.child.wait_for(lambda text: int((re.findall(r" playing=(\d+) ", text) or [-1])[-1]) >= cameras, seconds)

    def reset(self, cameras, seconds=60):
        """Every camera resets its connection at once. Returns the seconds until all play again (seen 4 times a second)."""
        before = len(self.child.text())
        began = time.monotonic()
        self.child.signal(signal.SIGUSR1)
        self.child.wait_for(lambda text: "reset us=" in text[before:], 5)
        mark = self.child.text().index("reset us=", before)
        self.child.wait_for(lambda text: f" playing={cameras} " in text[mark:], seconds)
        return time.monotonic() - began

    def check(self, folder):
        """What tag_check says of the files in a folder, as a dictionary. After the farm's sessions have ended."""
        result = subprocess.run([self.programs["tag_check"], self.csv, folder], stdout=subprocess.PIPE, check=False)
        lines = result.stdout.decode().splitlines()
        told = json.loads(lines[-1])
        told["examples"] = [json.loads(line) for line in lines[:-1] if '"tail"' not in line][:5]
        return told
