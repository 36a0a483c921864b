#!/usr/bin/env python3
"""The screen benchmark: what a clerk's screen costs on the workstation, on the line, on disk and in the server.

Called by run.sh. What a phase finds goes to standard error as it comes; the last line on standard output is one JSON object."""

import argparse
import http.client
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import day  # noqa: E402
from desktop import Desktop, Looks  # noqa: E402
from hall import Agent, Hall, Refused, catch_up, entries_of  # noqa: E402
from measure import Child, cpu_seconds, load  # noqa: E402
from players import Account, parse_index  # noqa: E402

KEYS = ["mb_per_day_office", "mb_per_day_photo", "ratio_jpeg_dedupe", "ratio_jpeg_dedupe_photo", "cpu_ms_changed", "cpu_ms_unchanged", "agent_core_share",
        "agent_rss_mb", "visible_p95_s", "open_any_p95_ms", "server_core_200_agents", "edits_lost"]
EDITS = 500
AGENTS = 200
SECOND = 1_000_000
DAYS = {"office": "ws-office", "photo": "ws-photo", "edits": "ws-edits"}  # recorded as


def say(text):
    print(f"[{time.strftime('%H:%M:%S')} load {load():.1f}] {text}", file=sys.stderr, flush=True)


def p95(values):
    return sorted(values)[max(0, int(len(values) * 0.95) - 1)]


class Bench:
    """Options, programs and what has been measured so far."""

    def __init__(self, options):
        self.options = options
        self.programs = {name: os.path.join(options.build, place) for name, place in [
            ("looks", "tests/bench/screen_looks"), ("check", "tests/bench/screen_check"), ("mingjingd", "server/mingjingd"),
            ("mingjing", "server/mingjing"), ("agent", "capture/mingjing-agent")]}
        self.result = dict.fromkeys(KEYS)
        self.jpeg_bytes, self.failed = {}, False
        self.folder = tempfile.mkdtemp(prefix="screen-", dir=options.scratch)

    def entries(self, name):
        return os.path.join(self.folder, name + ".entries")

    def day(self, desktop, name, photographs, hours):
        """One scripted day; the entries go to a file. Scaled to eight hours when it is shorter."""
        began, told = time.monotonic(), []
        start = int((time.time() - 2 * 86400) * 1e6)
        # A shorter day begins in the morning and has no noon: what is measured is time in service, scaled.
        with Looks(self.programs["looks"], desktop, self.entries(name), start, self.options.near) as looks:
            desktop.show(page="list", seed=1, title="待办事项 - 政务服务审批系统", clock="09:00")
            for number, (step, session) in enumerate(day.steps(photographs, hours)):
                if session:
                    looks.ask("saver", "on" if session == "lock" else "off")
                if step:
                    desktop.show(**step)
                    if "page" in step:
                        looks.ask("pointer", 300 + number * 37 % 1500, 150 + number * 53 % 800)
                told.append(looks.ask("look", day.INTERVAL))
        self.account(name, told, hours, time.monotonic() - began)

    def account(self, name, told, hours, took):
        shots = [one for one in told if one["kind"] == "shot"]
        changed = [one for one in shots if one["changed"]]
        same = [one for one in told if one["kind"] == "same"]
        keys = [one for one in shots if one["key"]]
        scale = 8.0 / hours
        entry_bytes = sum(one.get("entry", 0) for one in told)
        self.jpeg_bytes[name] = sum(one["jpeg"] for one in shots)
        if name == "office":
            self.result["cpu_ms_changed"] = round(statistics.mean(one["cpu_ms"] for one in changed), 1)
            self.result["cpu_ms_unchanged"] = round(statistics.mean(one["cpu_ms"] for one in same), 2)
            self.looks_core = sum(one["cpu_ms"] for one in told) / 1000 / (hours * 3600)
        small = [one["bytes"] for one in changed if not one["key"]]
        say(f"{name}: {len(told)} looks in {took:.0f} s: {len(same)} same, {len(changed)} changed, {len(shots) - len(changed)} forced, "
            f"{len(keys)} keys; keys {sum(one['bytes'] for one in keys) * scale / 1e6:.1f} MB a day ({statistics.mean(one['bytes'] for one in keys) / 1e3:.0f} kB each), "
            f"changed {sum(small) * scale / 1e6:.1f} MB a day (median {statistics.median(small) / 1e3:.1f} kB), entries {entry_bytes * scale / 1e6:.1f} MB; "
            f"JPEG {sum(one['jpeg'] for one in shots) * scale / 1e6:.1f} MB; CPU ms: changed {statistics.mean(one['cpu_ms'] for one in changed):.1f} "
            f"(p95 {p95([one['cpu_ms'] for one in changed]):.1f}), same {statistics.mean(one['cpu_ms'] for one in same):.2f} "
            f"(p95 {p95([one['cpu_ms'] for one in same]):.2f})")

    def edits(self, desktop, many):
        """The form corpus: each edit is one field that becomes one character longer or another."""
        lost, expected, before = 0, [], ""
        with Looks(self.programs["looks"], desktop, self.entries("edits"), int((time.time() - 86400) * 1e6), self.options.near) as looks:
            # Without its pointer: the other grabber blends half-transparent pixels with another rounding.
            desktop.show(page="form", seed=77, title="表单 - 政务服务审批系统", clock="09:00", hide_pointer=True)
            for x in (1700, 1750, 1800):
                looks.ask("pointer", x, 900)
                time.sleep(0.1)
            looks.ask("look", day.INTERVAL)
            for number in range(many):
                desktop.show(field=number % 32, edit="受理" * (number // 32 % 4) + chr(0x4E00 + number * 7))
                for _ in range(20):  # until the X server shows what Chromium has painted
                    now = looks.ask("expect")["sha"]
                    if now != before:
                        break
                    time.sleep(0.02)
                before = now
                expected.append(now)
                seen = looks.ask("look", day.INTERVAL)
                if seen["kind"] != "shot" or seen["sha"] != now:
                    lost += 1
                    say(f"edit {number}: {seen['kind']} {seen.get('sha', '')[:12]}, on the screen {now[:12]}")
        self.expected_edits, self.doubles = expected, len(expected) - len(set(expected))
        say(f"edits: {many}, {lost} not as on the screen, {self.doubles} that changed nothing")

    # What follows needs a server.

    def stored(self, hall):
        """The recorded days go to the server, as from a spool that catches up; then what it stored is decoded."""
        names = [name for name in DAYS if os.path.exists(self.entries(name))]
        began = time.monotonic()
        catch_up([(hall.agents[DAYS[name]], entries_of(self.entries(name))) for name in names])
        say(f"the server has taken {', '.join(names)} in {time.monotonic() - began:.0f} s")
        for name in names:
            files = self.closed_files(hall, DAYS[name])
            told = subprocess.run([self.programs["check"], *files], stdout=subprocess.PIPE, check=True).stdout.decode()
            checked = [json.loads(line) for line in told.splitlines()]
            wrong, shots = sum(one["wrong"] for one in checked), sum(one["shots"] for one in checked)
            size = sum(os.path.getsize(file) for file in files)
            say(f"{name}: {len(files)} files of {size / 1e6:.1f} MB hold {shots} shots, {wrong} of them not what their digest says")
            if wrong and not self.options.near:
                raise RuntimeError("the store gives back other pictures than were recorded")
            if name == "edits":
                decoded = {digest for one in checked for digest in one["sha"]}
                self.result["edits_lost"] = sum(1 for digest in self.expected_edits if digest not in decoded) + self.doubles
            else:
                hours = getattr(self.options, name + "_hours")
                self.result[f"mb_per_day_{name}"] = round(size * 8 / hours / 1e6, 1)
                self.result["ratio_jpeg_dedupe" + ("_photo" if name == "photo" else "")] = round(size / self.jpeg_bytes[name], 3)

    @staticmethod
    def closed_files(hall, workstation):
        """Its files, when the last of them has its final name."""
        stream, end = f"{workstation}.screen", time.monotonic() + 60
        while True:
            found = [os.path.join(folder, name) for folder, _, names in os.walk(hall.store) for name in names
                     if stream in os.path.join(folder, name) and ".mp4" in name]
            if found and not any(file.endswith(".part") for file in found):
                return sorted(found)
            if time.monotonic() > end:
                raise RuntimeError(f"{stream}: a segment stays open")
            time.sleep(0.5)

    def open_any(self, hall, account):
        """Instants of the office day, opened as the review desk does: the fragments around it, then the bytes from a key picture on."""
        entries = entries_of(self.entries("office"))
        first, last = entries[0][0]["at_us"], entries[-1][0]["at_us"]
        connection, dice, took = account.connect(), random.Random(7), []
        for _ in range(100 if self.options.quick else 300):
            at = dice.randrange(first, last)
            begun = time.monotonic()
            _, data = account.ask(connection, "GET", f"/api/v1/streams/ws-office.screen/index?from={at - 330 * SECOND}&to={at + SECOND}")
            fragments = [one for one in parse_index(data) if one.start <= at]
            if not fragments or fragments[-1].end <= at:
                continue  # locked
            wanted = [one for one in fragments if one.segment == fragments[-1].segment]
            begin, end = wanted[0].begin, wanted[-1].begin + wanted[-1].length - 1
            _, data = account.ask(connection, "GET", f"/api/v1/streams/ws-office.screen/segments/{wanted[0].segment}", None,
                                  {"Range": f"bytes={begin}-{end}"}.items())
            took.append((time.monotonic() - begun) * 1000)
            if len(data) != end - begin + 1:
                raise RuntimeError(f"{len(data)} bytes instead of {end - begin + 1}")
        self.result["open_any_p95_ms"] = round(p95(took), 1)
        say(f"opened {len(took)} instants: median {statistics.median(took):.1f} ms, p95 {p95(took):.1f} ms, most {max(took):.1f} ms")

    def many_agents(self, hall):
        """200 agents, an entry every 5 s each, as the office day has them; the server's CPU."""
        many, seconds = AGENTS, 10 if self.options.quick else 20
        agents = [Agent(hall, f"ws-{number:03}") for number in range(many)]
        entries = [entry for entry in entries_of(self.entries("office")) if entry[0]["kind"] != "state"]
        for agent in agents:  # their first pictures are more than the server takes at once
            first = agent.encode(entries[0], int(time.time() * SECOND))
            while agent.next <= agent.number:
                agent.offer(first)
        began, sent, slow, before = time.monotonic(), 0, 0.0, cpu_seconds([hall.pid])
        while time.monotonic() - began < seconds:
            due = began + sent * 5 / many
            time.sleep(max(0, due - time.monotonic()))
            agent = agents[sent % many]
            agent.send(agent.encode(entries[1 + sent // many], int(time.time() * SECOND)))
            slow = max(slow, time.monotonic() - due)
            sent += 1
        took = time.monotonic() - began
        core = (cpu_seconds([hall.pid]) - before) / took
        self.result["server_core_200_agents"] = round(core * (many / 5) / (sent / took), 3)
        say(f"{many} agents: {sent} entries in {took:.1f} s, at most {slow:.2f} s late, {core:.3f} of a core")

    def live(self, hall, account, desktop):
        """The real agent: how soon a new page can be seen, what it costs while nothing happens, its memory."""
        state = os.path.join(self.folder, "agent-state")
        subprocess.run([self.programs["agent"], "enrol", "--server", f"https://127.0.0.1:{hall.port}", "--code", hall.code("ws-live"),
                        "--ca-file", os.path.join(self.folder, "data", "server.crt"), "--state-directory", state], check=True,
                       stdout=subprocess.DEVNULL)
        agent = Child("agent", [self.programs["agent"], "run", "--state-directory", state, "--display", desktop.display], self.folder)
        try:
            connection, took = account.connect(), []
            for number in range(12 if self.options.quick else 25):
                desktop.show(page="form", seed=900 + number, title=f"20261122-{200000 + number} 受理 - 政务服务审批系统")
                took.append(self.seen_after(account, connection, int(time.time() * SECOND)))
                time.sleep(1.2 + number % 5 / 5)
            took = took[2:]  # the agent starts and signs in
            self.result["visible_p95_s"] = round(p95(took), 2)
            quiet, before = (10 if self.options.quick else 20), cpu_seconds([agent.pid])
            time.sleep(quiet)
            idle = (cpu_seconds([agent.pid]) - before) / quiet
            with open(f"/proc/{agent.pid}/status", encoding="ascii") as status:
                rss = int(next(line for line in status if line.startswith("VmRSS")).split()[1]) / 1024
        finally:
            agent.stop()
        self.result["agent_rss_mb"] = round(rss)
        self.result["agent_core_share"] = round(idle + getattr(self, "looks_core", 0), 4)
        say(f"live: visible after {statistics.median(took):.2f} s, p95 {p95(took):.2f} s; quiet {idle * 100:.2f} % of a core, "
            f"the day's looks {getattr(self, 'looks_core', 0) * 100:.2f} %; {rss:.0f} MB")

    @staticmethod
    def seen_after(account, connection, painted):
        """Seconds from `painted` until the viewer is told of a picture of a later moment."""
        while True:
            now = int(time.time() * SECOND)
            _, data = account.ask(connection, "GET", f"/api/v1/streams/ws-live.screen/index?from={painted - 60 * SECOND}&to={now + SECOND}")
            if data[:4] == b"MJI1" and any(one.start >= painted for one in parse_index(data)):
                return time.time() - painted / SECOND
            if now - painted > 30 * SECOND:
                raise RuntimeError("not visible after 30 s")
            time.sleep(0.05)

    def attempt(self, phase, *arguments):
        """A phase that fails leaves its keys null and the others as they are."""
        try:
            phase(*arguments)
        except (OSError, RuntimeError, ValueError, subprocess.SubprocessError, http.client.HTTPException, Refused):
            self.failed = True
            say(f"{phase.__name__}: {traceback.format_exc()}")

    def run(self):
        options = self.options
        with Desktop(self.folder) as desktop:
            if "office" in options.phases:
                self.attempt(self.day, desktop, "office", False, options.office_hours)
            if "photo" in options.phases:
                self.attempt(self.day, desktop, "photo", True, options.photo_hours)
            if "edits" in options.phases:
                self.attempt(self.edits, desktop, options.edits)
            if "server" in options.phases:
                self.attempt(self.server, desktop)

    def server(self, desktop):
        workstations = list(DAYS.values()) + ["ws-live"] + [f"ws-{number:03}" for number in range(AGENTS)]
        with Hall(self.programs, self.folder, workstations, DAYS.values()) as hall:
            account = Account(hall.child.text())
            self.attempt(self.live, hall, account, desktop)
            self.attempt(self.stored, hall)
            if "office" in self.options.phases:
                self.attempt(self.open_any, hall, account)
                self.attempt(self.many_agents, hall)

    def clean(self):
        if self.options.keep:
            say(f"kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object (it always is)")
    parser.add_argument("--build", required=True)
    parser.add_argument("--scratch", default=None)
    parser.add_argument("--quick", action="store_true", help="half an hour of each day, 50 edits, short server phases")
    parser.add_argument("--near", action="store_true", help="quality near instead of lossless")
    parser.add_argument("--phases", default="office,photo,edits,server", help="some of them")
    parser.add_argument("--office-hours", type=float, default=2.0)
    parser.add_argument("--photo-hours", type=float, default=1.0)
    parser.add_argument("--edits", type=int, default=EDITS)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    options.phases = options.phases.split(",")
    if options.quick:
        options.office_hours = options.photo_hours = 0.5
        options.edits = 50
    bench = Bench(options)
    try:
        bench.run()
    finally:
        bench.clean()
    print(json.dumps(bench.result))
    return 1 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
