"""What is measured: mingjingd, and the two yardsticks. Each runs while it is used with `with`."""

import os
import socket
import time

from measure import Child

CAMERA = '''[[cameras]]
id = "cam{number:04d}"
name = "{number}号摄像机"
area = "lobby"
url = "{url}"
purpose = "benchmark"
legal_basis = "benchmark"
'''

CONFIG = '''data_directory = "{folder}/data"
[hall]
id = "bench"
name = "Benchmark"
timezone = "Asia/Shanghai"
[[areas]]
id = "lobby"
name = "Lobby"
{cameras}
[[stores]]
id = "s1"
path = "{folder}/store"
[storage]
segment_seconds = {segment_seconds}
[retention]
days = 1
[server]
listen = "127.0.0.1:{port}"
'''


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Recorder:
    """What every recorder has: child processes and a folder with its files."""

    def __init__(self, folder):
        self.folder = folder
        self.children = []
        os.makedirs(self.store, exist_ok=True)

    @property
    def store(self):
        return os.path.join(self.folder, "store")

    @property
    def pids(self):
        return [child.pid for child in self.children if child.alive]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for child in self.children:
            child.process.terminate()
        for child in self.children:
            child.stop()


class Mingjing(Recorder):
    """The real daemon, with everything it does: index, SHA-256, group fdatasync, its server."""

    def __init__(self, programs, farm, cameras, folder, segment_seconds=60, environment=None):
        super().__init__(folder)
        config = os.path.join(folder, "hall.toml")
        with open(config, "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as out:
            listed = "".join(CAMERA.format(number=i, url=farm.url(i)) for i in range(cameras))
            out.write(CONFIG.format(folder=folder, cameras=listed, segment_seconds=segment_seconds, port=free_port()))
        self.children.append(Child("mingjingd", [programs["mingjingd"], "--config", config], folder, environment))

    @property
    def pid(self):
        return self.children[0].pid

    @property
    def output(self):
        return self.children[0].text()


class FfmpegEach(Recorder):
    """One ffmpeg per camera, as Frigate runs them, with our length of files."""

    def __init__(self, _programs, farm, cameras, folder):
        super().__init__(folder)
        for i in range(cameras):
            self.children.append(Child(f"ffmpeg{i:04d}", [
                "ffmpeg", "-nostdin", "-v", "error", "-rtsp_transport", "tcp", "-timeout", 10000000, "-i", farm.url(i),
                "-c", "copy", "-f", "segment", "-segment_time", 60, "-segment_format", "mp4", "-reset_timestamps", 1,
                f"{self.store}/cam{i:04d}_%04d.mp4"], folder))
            time.sleep(0.08)


class Raw(Recorder):
    """Sockets to files without looking: the physical limit."""

    def __init__(self, programs, farm, cameras, folder):
        super().__init__(folder)
        self.children.append(Child("raw", [programs["raw_reader"], cameras, farm.prefix, self.store], folder))
