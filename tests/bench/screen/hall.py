"""mingjingd with a hall full of workstations, and their agents as the protocol has them (server/openapi.yaml, /agents and /screens)."""

import base64
import ctypes
import ctypes.util
import hashlib
import http.client
import json
import os
import re
import ssl
import struct
import subprocess
import threading
import time

from measure import Child
from recorders import free_port

CONFIG = '''data_directory = "{folder}/data"
[hall]
id = "bench"
name = "Benchmark"
timezone = "Asia/Shanghai"
[[windows]]
id = "w1"
name = "1"
[[stores]]
id = "s1"
path = "{folder}/store"
[server]
listen = "127.0.0.1:{port}"
'''
WORKSTATION = '''[[workstations]]
id = "{id}"
name = "{id}"
window = "w1"
'''


def sodium():
    library = ctypes.CDLL(ctypes.util.find_library("sodium"))
    library.sodium_init()
    return library


class Key:
    """An Ed25519 key pair."""
    library = sodium()

    def __init__(self):
        public, self.secret = ctypes.create_string_buffer(32), ctypes.create_string_buffer(64)
        self.library.crypto_sign_keypair(public, self.secret)
        self.public = public.raw

    def sign(self, text):
        signature = ctypes.create_string_buffer(64)
        self.library.crypto_sign_detached(signature, None, text.encode(), ctypes.c_ulonglong(len(text.encode())), self.secret)
        return base64.b64encode(signature.raw).decode()


def entries_of(path):
    """The entries of a file of them: (JSON, decoder configuration and access unit as they are)."""
    with open(path, "rb") as file:
        data = file.read()
    found, at = [], 0
    while at < len(data):
        length, = struct.unpack_from("<I", data, at)
        entry = data[at + 4:at + 4 + length]
        size, = struct.unpack_from("<I", entry, 44)
        found.append((json.loads(entry[48:48 + size]), entry[48 + size:]))
        at += 4 + length
    return found


class Hall:
    """Runs while it is used with `with`."""

    def __init__(self, programs, folder, workstations):
        self.programs, self.folder = programs, folder
        self.config = os.path.join(folder, "hall.toml")
        self.store = os.path.join(folder, "store")
        os.makedirs(self.store)
        self.port = free_port()
        with open(self.config, "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as out:
            out.write(CONFIG.format(folder=folder, port=self.port))
            out.writelines(WORKSTATION.format(id=one) for one in workstations)
        self.child = Child("mingjingd", [programs["mingjingd"], "--config", self.config], folder)
        self.child.wait_for(lambda text: re.search(r"^first sign-in token: \w+$", text, re.M), 60)
        self.child.wait_for(lambda text: re.search(r"^listening on https://127\.0\.0\.1:\d+$", text, re.M), 60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.stop()

    @property
    def pid(self):
        return self.child.pid

    def code(self, workstation):
        told = subprocess.run([self.programs["mingjing"], "agent", "enrol", workstation, "--config", self.config],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
        return told.stdout.decode().strip()


class Agent:
    """What an agent is to the server: a key, a chain of numbered entries, one connection."""

    def __init__(self, hall, workstation):
        self.hall, self.workstation, self.key = hall, workstation, Key()
        self.number, self.previous, self.last_us = 0, bytes(32), 0
        trust = ssl.create_default_context()
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE  # its own certificate, on loopback
        self.connection = http.client.HTTPSConnection("127.0.0.1", hall.port, context=trust, timeout=60)
        self.token = ""
        code = hall.code(workstation)
        self.ask("/api/v1/agents/enrol", {"code": code, "public_key": base64.b64encode(self.key.public).decode(),
                                          "signature": self.key.sign("mingjing agent enrolment\n" + code)})
        challenge = self.ask("/api/v1/agents/challenge", {})["challenge"]
        self.token = self.ask("/api/v1/agents/session", {
            "workstation": workstation, "challenge": challenge,
            "signature": self.key.sign(f"mingjing agent session\n{workstation}\n{challenge}")})["token"]

    def ask(self, path, body):
        self.connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {text[:300]!r}")
        return json.loads(text)

    def encode(self, entry, at_us=None):
        """The next of this agent's entries, at its own time or another."""
        told, rest = entry
        told = dict(told)
        if at_us is not None:
            told["at_us"] = told["agent_time_us"] = at_us
        self.number += 1
        text = json.dumps(told, ensure_ascii=False).encode()
        body = b"MJE1" + struct.pack("<Q", self.number) + self.previous + struct.pack("<I", len(text)) + text + rest
        self.previous = hashlib.sha256(body).digest()
        return struct.pack("<I", len(body)) + body

    def post(self, data):
        """Sends entries. (the number wanted next, seconds to wait before the rest)"""
        self.connection.request("POST", f"/api/v1/screens/{self.workstation}/entries", data, {
            "Content-Type": "application/vnd.mingjing.entries", "Authorization": f"Bearer {self.token}"})
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status not in (200, 429, 503):
            raise RuntimeError(f"{self.workstation}: {answer.status} {text[:300]!r}")
        wait = 0 if answer.status == 200 else float(answer.getheader("Retry-After") or 1)
        return json.loads(text).get("next", 0), wait

    def post_all(self, entries):
        """A spool that catches up, in uploads of at most 2 MB and 100 entries."""
        first = self.number + 1
        left = [(first + i, self.encode(entry)) for i, entry in enumerate(entries)]
        while left:
            batch, size = [], 0
            for _, one in left[:100]:
                if batch and size + len(one) > 2_000_000:
                    break
                batch.append(one)
                size += len(one)
            wanted, wait = self.post(b"".join(batch))
            left = [one for one in left if one[0] >= wanted]
            time.sleep(wait)


def catch_up(uploads):
    """[(agent, entries)] at the same time."""
    problems = []

    def work(agent, entries):
        try:
            agent.post_all(entries)
        except (OSError, RuntimeError, http.client.HTTPException) as problem:
            problems.append(problem)

    threads = [threading.Thread(target=work, args=upload) for upload in uploads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]
