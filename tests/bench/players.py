"""Viewers that play while the hall records: each asks for the index and the bytes as the review desk does, at the pace of time."""

import http.client
import json
import re
import ssl
import struct
import threading
import time
from dataclasses import dataclass

SECOND = 1_000_000


def boxes(data):
    """Types of the boxes of an ISO file, one after the other; ValueError when they do not end where the bytes end."""
    types, at = [], 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if size < 8 or at + size > len(data):
            raise ValueError(f"box {kind} of {size} bytes at {at} of {len(data)}")
        types.append(kind.decode("latin-1"))
        at += size
    return types


@dataclass
class Fragment:
    """A fragment as the index tells it: times in µs, place in bytes of its segment."""
    start: int
    end: int
    segment: int
    begin: int
    length: int


def parse_index(data):
    """The binary fragment index (openapi.yaml, /streams/{stream}/index)."""
    magic, count, _, _ = struct.unpack_from("<4sIII", data)
    assert magic == b"MJI1", magic
    at, fragments = 16 + 32 * count, []
    for number in range(count):
        start, _, duration, offset, many, _ = struct.unpack_from("<qqIIII", data, 16 + 32 * number)
        begins = [struct.unpack_from("<I", data, at + 14 * i)[0] for i in range(many)] + [duration]
        for i in range(many):
            video = struct.unpack_from("<I", data, at + 14 * i + 4)[0]
            audio = int.from_bytes(data[at + 14 * i + 11:at + 14 * i + 14], "little")
            fragments.append(Fragment(start + begins[i], start + begins[i + 1], start, offset, video + audio))
            offset += video + audio
        at += 14 * many
    return fragments


class Account:
    """The hall's first account, made with the token that mingjingd printed."""

    def __init__(self, output):
        self.port = int(re.findall(r"^listening on https://127\.0\.0\.1:(\d+)$", output, re.M)[-1])
        token = re.findall(r"^first sign-in token: (\w+)$", output, re.M)[-1]
        form = {"token": token, "login": "bench", "display_name": "Bench", "password": "bench-password"}
        answer, _ = self.ask(self.connect(), "POST", "/api/v1/sign-in/first", json.dumps(form))
        self.cookie = answer.getheader("Set-Cookie").split(";")[0]

    cookie = ""

    def connect(self):
        trust = ssl.create_default_context()
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE  # its own certificate, on loopback
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=trust, timeout=15)

    def ask(self, connection, method, path, body=None, headers=()):
        connection.request(method, path, body, {"Cookie": self.cookie, "X-Mingjing": "1", "Content-Type": "application/json", **dict(headers)})
        answer = connection.getresponse()
        data = answer.read()
        if answer.status not in (200, 206, 404):
            raise RuntimeError(f"{method} {path}: {answer.status} {data[:200]!r}")
        return answer, data


class Player(threading.Thread):
    """Plays one stream from `begin` (µs) on, a second at a time. What it could not play is in `faults`. Only `old` footage may be
    missing: it is being deleted."""

    def __init__(self, account, stream, begin, old):
        super().__init__(name=f"player {stream}", daemon=True)
        self.account, self.stream, self.at, self.old = account, stream, begin, old
        self.played = self.gone = self.skips = 0  # fragments; gone: deleted between the index and the bytes
        self.end = None              # of the fragment before
        self.slowest = 0.0           # seconds for one second of footage
        self.faults = []
        self.stopping = threading.Event()

    def run(self):
        connection = self.account.connect()
        due = time.monotonic()
        while not self.stopping.wait(max(0, due - time.monotonic())):
            begun = time.monotonic()
            try:
                self.play_second(connection)
            except (OSError, RuntimeError, ValueError, http.client.HTTPException) as problem:
                self.faults.append(f"{self.stream} at {self.at}: {problem}")
                connection = self.account.connect()
            self.slowest = max(self.slowest, time.monotonic() - begun)
            due = max(due + 1, time.monotonic())

    def play_second(self, connection):
        until = self.at + SECOND
        _, data = self.account.ask(connection, "GET", f"/api/v1/streams/{self.stream}/index?from={self.at}&to={until}")
        for fragment in parse_index(data):
            if not self.at <= fragment.start < until:
                continue
            last = fragment.begin + fragment.length - 1
            answer, data = self.account.ask(connection, "GET", f"/api/v1/streams/{self.stream}/segments/{fragment.segment}", None,
                                            {"Range": f"bytes={fragment.begin}-{last}"}.items())
            if answer.status == 404 and self.old:
                self.gone += 1
                continue
            if len(data) != fragment.length or boxes(data)[:3] != ["prft", "moof", "mdat"]:
                raise ValueError(f"fragment of {fragment.length} bytes came as {len(data)}: {data[:8]!r}")
            self.skips += not self.old and self.end is not None and abs(fragment.start - self.end) > SECOND // 10
            self.end = fragment.end
            self.played += 1
        self.at = until


class Players:
    """Eight people at their desks while it is used with `with`: most follow live 15 s behind, two go through the oldest footage."""

    def __init__(self, account, cameras, oldest_us, many=8):
        now = int(time.time() * SECOND) - 15 * SECOND
        self.all = [Player(account, f"cam{number * max(1, cameras // many):04d}.main", now if number % 4 else oldest_us, not number % 4)
                    for number in range(min(many, cameras))]

    def __enter__(self):
        for player in self.all:
            player.start()
        return self

    def __exit__(self, *_):
        for player in self.all:
            player.stopping.set()
        for player in self.all:
            player.join(20)

    def told(self):
        faults = [fault for player in self.all for fault in player.faults]
        return {"players": len(self.all), "played": sum(player.played for player in self.all),
                "idle": sum(1 for player in self.all if not player.played), "gone": sum(player.gone for player in self.all),
                "skips": sum(player.skips for player in self.all), "slowest_s": round(max(player.slowest for player in self.all), 2), "faults": len(faults), "examples": faults[:3]}
