"""mingjingd with a hall full of workstations, and their agents as the protocol has them (server/openapi.yaml, /agents and /screens)."""

import http.client
import json
import os
import re
import ssl
import struct
import subprocess
import sys
import threading
import time

import yesterday
from measure import Child
from recorders import free_port

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../support"))
import fake_agent  # noqa: E402
from fake_agent import Refused  # noqa: E402

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


def entries_of(path):
    """The entries of a file of them: (facts, decoder configuration, access unit)."""
    with open(path, "rb") as file:
        data = file.read()
    found, at = [], 0
    while at < len(data):
        length, = struct.unpack_from("<I", data, at)
        entry = data[at + 4:at + 4 + length]
        size, = struct.unpack_from("<I", entry, 44)
        config, = struct.unpack_from("<I", entry, 48 + size)
        rest = 52 + size
        found.append((json.loads(entry[48:48 + size]), entry[rest:rest + config], entry[rest + config:]))
        at += 4 + length
    return found


class Hall:
    """Runs while it is used with `with`. The agents of `recorded` (workstations) were enrolled three days ago, when the hall began: what
    they have recorded since is taken."""
    BEGAN = 3 * yesterday.DAY  # seconds ago

    def __init__(self, programs, folder, workstations, recorded):
        self.programs, self.folder = programs, folder
        self.config = os.path.join(folder, "hall.toml")
        self.store = os.path.join(folder, "store")
        os.makedirs(self.store)
        self.port = free_port()
        with open(self.config, "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as out:
            out.write(CONFIG.format(folder=folder, port=self.port))
            out.writelines(WORKSTATION.format(id=one) for one in workstations)
        self.start("mingjingd-then", yesterday.late(folder, folder, self.BEGAN))
        self.agents = {one: Agent(self, one) for one in recorded}
        self.child.stop()
        self.start("mingjingd", {})
        for agent in self.agents.values():
            agent.close()
            agent.open_session()

    def start(self, name, environment):
        self.environment = environment
        self.child = Child(name, [self.programs["mingjingd"], "--config", self.config], self.folder, environment)
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
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=dict(os.environ, **self.environment), check=True)
        return told.stdout.decode().strip()


class Agent(fake_agent.Agent):
    """An agent that is enrolled and signed in, and gives entries their numbers as it sends them."""
    UPLOAD = 900_000  # bytes: the server reads as much of what it refuses before it closes

    def __init__(self, hall, workstation):
        trust = ssl.create_default_context()
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE  # its own certificate, on loopback
        super().__init__("127.0.0.1", hall.port, workstation, 60, trust)
        self.number, self.previous = 0, bytes(32)
        self.enrol(hall.code(workstation))
        self.open_session()

    def encode(self, entry, at_us=None):
        """The next of this agent's entries, at its own time or another."""
        told, config, unit = entry
        if at_us is not None:
            told = dict(told, at_us=at_us, agent_time_us=at_us)
        self.number += 1
        made = fake_agent.encode(self.number, self.previous, told, config, unit)
        self.previous = fake_agent.chain_hash(made)
        return made

    def offer(self, data):
        """Sends entries; waits when the server says that it must have time. `next` tells what it has taken."""
        try:
            self.send(data)
        except Refused as refusal:
            if refusal.status not in (429, 503):
                raise
            time.sleep(refusal.wait)

    def send_all(self, entries):
        """A spool that catches up; until all of it is durable."""
        made = [self.encode(entry) for entry in entries]
        while self.next <= self.number:
            batch, size = [], 0
            for one in made[self.next - 1:]:
                if batch and size + len(one) > self.UPLOAD:
                    break
                batch.append(one)
                size += len(one)
            self.offer(b"".join(batch))
        while self.durable < self.number:
            time.sleep(0.2)
            self.position()


def catch_up(uploads):
    """[(agent, entries)] at the same time."""
    problems = []

    def work(agent, entries):
        try:
            agent.send_all(entries)
        except (OSError, Refused, http.client.HTTPException) as problem:
            problems.append(problem)

    threads = [threading.Thread(target=work, args=upload) for upload in uploads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]
