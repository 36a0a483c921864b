"""Workstations' agents by the hundred, half of them hostile, beside cameras."""

import os
import random
import re
import struct
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from hall import TOP, Hall, sh, wait_for
from judge import judge

sys.path.insert(0, str(TOP / "tests/support"))
from fake_agent import AVC_CONFIG, Agent, Refused, Spool, encode  # noqa: E402

AGENTS = 177
RATE = 2  # entries a second: ten times the usual
NAMED = {400, 403, 409, 413, 429, 503}  # refusals that say what to do


class AgentHall(Hall):
    """A hall with workstations, and codes for them."""

    def __init__(self, bench, name, agents, **more):
        super().__init__(bench, name, **more)
        self.workstations = [f"ws-{number:03}" for number in range(agents)]

    def write_config(self):
        super().write_config()
        text = self.config.read_text().replace('listen = "127.0.0.1:0"', 'listen = "127.0.0.1:0"\ntls = false')
        text += '[[windows]]\nid = "w1"\nname = "1"\narea = "lobby"\n'
        text += "".join(f'[[workstations]]\nid = "{one}"\nname = "{one}"\nwindow = "w1"\n' for one in self.workstations)
        self.config.write_text(text)

    def port(self):
        log = self.dir / "mingjingd.log"
        listening = re.compile(rb"^listening on http://127\.0\.0\.1:(\d+)$", re.M)
        wait_for(lambda: listening.search(log.read_bytes()[self.log_begin :]), 20, "the server")
        return int(listening.search(log.read_bytes()[self.log_begin :]).group(1))

    def enrolled(self, workstation):
        said = sh(self.bench.program("server/mingjing"), "agent", "enrol", workstation, "--config", self.config, stdout=-1)
        agent = Agent("127.0.0.1", self.port(), workstation)
        agent.enrol(said.stdout.strip())
        agent.open_session()
        return agent


class Good:
    """Sends what it makes, as a real agent does, and stops when all of it is durable."""

    def __init__(self, agent):
        self.agent, self.spool, self.waits = agent, Spool(), []

    def run(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            number = len(self.spool.entries)
            self.spool.add("same" if number % 5 == 3 else "shot", key=number % 40 == 0)
            self.deliver()
            time.sleep(1 / RATE)
        wait_for(self.all_durable, 30, f"entries of {self.agent.workstation} to be durable")

    def deliver(self):
        begun = time.monotonic()
        try:
            self.agent.send(self.spool.upload(self.agent.next, self.agent.key_wanted))
        except Refused as refusal:
            assert refusal.status in NAMED and refusal.body["error"]["message"], refusal
            time.sleep(min(refusal.wait, 5))
        except OSError:
            pass  # again, from where the server is
        self.waits.append(time.monotonic() - begun)

    def all_durable(self):
        if self.agent.next <= len(self.spool.entries):
            self.deliver()
        try:
            self.agent.position()
        except (OSError, Refused):
            return False
        return self.agent.durable == len(self.spool.entries)


# --- hostile: each returns (body, query, workstation) ---


def flood(spool, _):
    for number in range(50):
        spool.add(key=number % 40 == 0)
    return b"".join(spool.entries[-50:]), "", None


def bomb(_spool, _):
    return bytes(8 * 2**20), "", None


def deep_json(_spool, _):
    return encode(1, bytes(32), b'{"kind":' + b"[" * 16_000), "", None


def lie_about_size(spool, _):
    entry = bytearray(spool.entries[0] if spool.entries else first(spool))
    entry[random.choice((0, 48))] ^= 0xFF
    return bytes(entry), "", None


def foreign(spool, other):
    return first(spool), "", other


def reordered(spool, _):
    for _ in range(4):
        spool.add(key=True)
    return b"".join(reversed(spool.entries[-4:])), "", None


def again(spool, _):
    return first(spool) * 20, "", None


def wrong_chain(spool, _):
    spool.add(key=True)
    entry = bytearray(spool.entries[-1])
    entry[16:48] = os.urandom(32)
    return bytes(entry), "", None


def all_gone(spool, _):
    return first(spool), f"?first_available={2**61 + random.randrange(2**20)}", None


def huge_picture(spool, _):  # 16,384 × 16,384
    entry = first(spool)
    config = bytes.fromhex("0142001effe1000b6742001eda00100000801901000468ce3880")
    changed = entry[4:].replace(struct.pack("<I", len(AVC_CONFIG)) + AVC_CONFIG, struct.pack("<I", len(config)) + config)
    return struct.pack("<I", len(changed)) + changed, "", None


def noise(_spool, _):
    return os.urandom(20_000), "", None


def first(spool):
    if not spool.entries:
        spool.add(key=True)
    return spool.entries[0]


HOSTILE = (flood, bomb, deep_json, lie_about_size, foreign, reordered, again, wrong_chain, all_gone, huge_picture, noise)


class Hostile:
    def __init__(self, agent, behaviour, other):
        self.agent, self.behaviour, self.other = agent, behaviour, other
        self.met, self.unnamed = Counter(), []

    def run(self, seconds):
        spool, end = Spool(), time.monotonic() + seconds
        while time.monotonic() < end:
            body, query, workstation = self.behaviour(spool, self.other)
            try:
                self.agent.send(body, query, workstation)
                self.met[200] += 1
            except Refused as refusal:
                self.met[refusal.status] += 1
                if refusal.status not in NAMED or not refusal.body.get("error", {}).get("message"):
                    self.unnamed.append(str(refusal))
            except OSError:
                self.met["closed"] += 1
            time.sleep(0.1)


def lie_about_length(port, seconds):
    """Says 32 MiB and sends them by the byte, on many connections, without being anybody."""
    import socket
    end, lines = time.monotonic() + seconds, []
    while time.monotonic() < end:
        if len(lines) < 20:
            line = socket.create_connection(("127.0.0.1", port), 5)
            line.sendall(b"POST /api/v1/agents/enrol HTTP/1.1\r\nHost: x\r\nContent-Length: 33554432\r\n\r\n")
            lines.append(line)
        time.sleep(0.1)
    for line in lines:
        line.close()


def hostile_agents(bench):
    """177 agents at ten times their rate, half of them hostile, beside cameras: nobody else loses a number or a frame."""
    agents = AGENTS
    seconds = 60 if bench.long else 5
    with AgentHall(bench, "agents", agents) as hall:
        hall.start_and_record()
        hall.port()
        with ThreadPoolExecutor(4) as pool:
            enrolled = list(pool.map(hall.enrolled, hall.workstations))
        before = hall.resident_kib()
        good = [Good(agent) for agent in enrolled[::2]]
        hostile = [Hostile(agent, HOSTILE[number % len(HOSTILE)], enrolled[0].workstation)
                   for number, agent in enumerate(enrolled[1::2])]
        failures = []

        def run(one):
            try:
                one.run(seconds)
            except Exception as problem:  # every kind: told at the end
                failures.append(f"{type(one).__name__} {one.agent.workstation}: {problem}")

        threads = [threading.Thread(target=run, args=(one,)) for one in good + hostile]
        threads.append(threading.Thread(target=lie_about_length, args=(hall.port(), seconds)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        peak = hall.resident_kib()
        assert not failures, f"{len(failures)} failed: {failures[:3]}"
        unnamed = [words for one in hostile for words in one.unnamed]
        assert not unnamed, f"refusals without a name: {unnamed[:3]}"
        time.sleep(1)
        check_numbers(hall, good)
        figures = judge(hall)
    assert set(figures["causes"]) <= {"camera_unreachable", "shutdown"}, f"cameras lost footage: {figures}"
    waits = sorted(wait for one in good for wait in one.waits)
    met = Counter()
    for one in hostile:
        for status, count in one.met.items():
            met[f"{one.behaviour.__name__} {status}"] += count
    return {"agents": agents, "entries": sum(len(one.spool.entries) for one in good), "p95_s": round(waits[len(waits) * 95 // 100], 3),
            "kib_more": peak - before, "answers": dict(sorted(met.items())), **figures}


def check_numbers(hall, good):
    """Every number of every good agent is there once."""
    told = {key: rest for key, *rest in hall.rows(
        "SELECT key, number, missing, breaks FROM agent_entries JOIN streams ON streams.id = stream")}
    shots = dict(hall.rows("SELECT key, count(*) FROM shots JOIN streams ON streams.id = stream GROUP BY key"))
    for one in good:
        key, made = f"{one.agent.workstation}.screen", len(one.spool.entries)
        assert told[key] == [made, 0, 0], f"{key}: {told[key]} of {made}"
        assert shots[key] == made, f"{key}: {shots[key]} shots of {made}"


FAULTS = {"hostile_agents": hostile_agents}
