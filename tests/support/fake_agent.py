"""A workstation's agent as the server sees it, without desktop or encoder: keys, numbered and chained entries, HTTP. For faults and
measurements; pictures have the form of pictures and nothing in them, because the server decodes nothing."""

import base64
import hashlib
import http.client
import json
import os
import struct
import time

# --- Ed25519 (RFC 8032 §5.1), so that no package is needed; slow, and fast enough for a signature an hour ---

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
BASE_Y = 4 * pow(5, P - 2, P) % P


def _add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _multiply(number, point):
    result = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = _add(result, point)
        point = _add(point, point)
        number >>= 1
    return result


def _base():
    squared = (BASE_Y * BASE_Y - 1) * pow(D * BASE_Y * BASE_Y + 1, P - 2, P) % P
    x = pow(squared, (P + 3) // 8, P)
    if (x * x - squared) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    x = P - x if x & 1 else x
    return x, BASE_Y, 1, x * BASE_Y % P


BASE = _base()


def _compress(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _hash_number(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


class Key:
    def __init__(self):
        secret = hashlib.sha512(os.urandom(32)).digest()
        self._scalar = int.from_bytes(secret[:32], "little") & (1 << 254) - 8 | 1 << 254
        self._prefix = secret[32:]
        self.public = _compress(_multiply(self._scalar, BASE))

    def sign(self, message):
        nonce = _hash_number(self._prefix, message) % ORDER
        point = _compress(_multiply(nonce, BASE))
        proof = (nonce + _hash_number(point, self.public, message) * self._scalar) % ORDER
        return point + proof.to_bytes(32, "little")


# --- entries ---

AVC_CONFIG = bytes.fromhex("0142001effe100086742001eda05066401000468ce3880")  # 320 × 192
KEY, DELTA = 0x65, 0x41


def encode(number, previous, facts, avc_config=b"", access_unit=b""):
    text = facts if isinstance(facts, bytes) else json.dumps(facts, ensure_ascii=False).encode()
    body = (b"MJE1" + struct.pack("<Q", number) + previous + struct.pack("<I", len(text)) + text
            + struct.pack("<I", len(avc_config)) + avc_config + access_unit)
    return struct.pack("<I", len(body)) + body


def chain_hash(entry):
    return hashlib.sha256(entry[4:]).digest()


class Spool:
    """Makes entries and keeps them all. `next` answers of the server say what to send."""

    def __init__(self):
        self.entries = []  # number n at n - 1
        self.keys = []  # numbers of key shots
        self.at_us = 0

    def add(self, kind="shot", key=False, size=2000, **also):
        number = len(self.entries) + 1
        self.at_us = max(self.at_us + 1000, int(time.time() * 1e6))
        facts = {"kind": kind, "at_us": self.at_us, "error_us": 20000, "agent_time_us": self.at_us, "offset_us": 0,
                 "nominal_ms": 5000, "configured_ms": 5000}
        if kind != "state":
            facts |= {"title": f"办件 {number}", "program": "chromium", "user": "li", "idle_ms": 0, "locked": False,
                      "monitors": [[0, 0, 1920, 1080]]}
        unit = b""
        if kind == "shot":
            facts |= {"key": key, "input_sha256": "a" * 64}
            unit = struct.pack(">I", size) + bytes([KEY if key else DELTA]) + os.urandom(size - 1)
            self.keys += [number] if key else []
        previous = chain_hash(self.entries[-1]) if self.entries else bytes(32)
        self.entries.append(encode(number, previous, facts | also, AVC_CONFIG if key else b"", unit))

    def upload(self, first, key_wanted, most=8 * 2**20):
        """From `first` on; where a key shot is wanted, from the last one at or before it."""
        begin = max([key for key in self.keys if key <= first], default=first) if key_wanted else first
        body, size = [], 0
        for entry in self.entries[begin - 1 :]:
            if body and size + len(entry) > most:
                break
            body.append(entry)
            size += len(entry)
        return b"".join(body)


# --- HTTP ---


class Refused(Exception):
    """An answer that is no success, with what it said."""

    def __init__(self, status, body, wait):
        super().__init__(f"{status}: {body}")
        self.status, self.body, self.wait = status, body, wait


class Agent:
    """One connection to a server, over TLS with `trust` (an ssl.SSLContext). Thread: one."""

    def __init__(self, host, port, workstation, timeout=20, trust=None):
        self.address, self.workstation, self.timeout, self.trust = (host, port), workstation, timeout, trust
        self.key, self.token, self.connection = Key(), None, None
        self.next, self.durable, self.key_wanted = 1, 0, True

    def ask(self, method, path, body=b"", headers=None):
        """Returns the JSON of the answer; raises Refused, OSError and http.client.HTTPException."""
        headers = {"Authorization": f"Bearer {self.token}"} | (headers or {}) if self.token else headers or {}
        kept = self.connection is not None
        try:
            self.connection = self.connection or self.connect()
            try:
                self.connection.request(method, path, body, headers)
            except OSError:
                pass  # refused before all of it was read: then the answer is here already
            answer = self.connection.getresponse()
            text = answer.read()
        except http.client.RemoteDisconnected:
            self.close()
            if not kept:
                raise
            return self.ask(method, path, body, headers)  # the server had closed the idle connection
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        if answer.will_close:
            self.close()
        said = json.loads(text) if text else {}
        if answer.status != 200:
            raise Refused(answer.status, said, int(answer.getheader("Retry-After", 0)))
        return said

    def connect(self):
        if self.trust:
            return http.client.HTTPSConnection(*self.address, timeout=self.timeout, context=self.trust)
        return http.client.HTTPConnection(*self.address, timeout=self.timeout)

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def enrol(self, code):
        signature = self.key.sign(f"mingjing agent enrolment\n{code}".encode())
        self.ask("POST", "/api/v1/agents/enrol", json.dumps({
            "code": code, "public_key": base64.b64encode(self.key.public).decode(),
            "signature": base64.b64encode(signature).decode()}))

    def open_session(self):
        self.token = None
        challenge = self.ask("POST", "/api/v1/agents/challenge", "{}")["challenge"]
        signature = self.key.sign(f"mingjing agent session\n{self.workstation}\n{challenge}".encode())
        self.token = self.ask("POST", "/api/v1/agents/session", json.dumps({
            "workstation": self.workstation, "challenge": challenge,
            "signature": base64.b64encode(signature).decode()}))["token"]

    def take_up(self, said):
        if "next" in said:
            self.next, self.durable, self.key_wanted = said["next"], said["durable"], said["key_wanted"]

    def position(self):
        self.take_up(self.ask("GET", f"/api/v1/screens/{self.workstation}/position"))

    def send(self, body, query="", workstation=None):
        try:
            self.take_up(self.ask("POST", f"/api/v1/screens/{workstation or self.workstation}/entries{query}", body))
        except Refused as refusal:
            self.take_up(refusal.body)
            raise
