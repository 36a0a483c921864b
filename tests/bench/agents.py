"""What agents cost the server: `python3 -B tests/bench/agents.py [--agents 200] [--cadence 5] [--seconds 60]`. Every agent sends an entry each
cadence over its own connection, one in three a shot of 9.5 kB (typing), the others unchanged screens. One JSON object on stdout."""

import argparse
import json
import os
import statistics
import sys
import threading
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests/faults"), str(TOP / "tests/support")]
from agent_faults import AgentHall  # noqa: E402
from bench import Bench  # noqa: E402
from fake_agent import Refused, Spool  # noqa: E402


class QuietHall(AgentHall):
    """Without cameras."""

    def start_farm(self):
        self.farm_url = ""


def cpu_seconds(pid):
    user, system = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def send_for_ever(agents, cadence, stop, waits):
    """One thread's share of the agents, one after the other, evenly spread over the cadence."""
    spools = [Spool() for _ in agents]
    due = [time.monotonic() + cadence * number / len(agents) for number in range(len(agents))]
    while not stop.is_set():
        for number, agent in enumerate(agents):
            time.sleep(max(0, due[number] - time.monotonic()))
            due[number] += cadence
            spool = spools[number]
            made = len(spool.entries)
            spool.add("shot" if made % 3 == 0 else "same", key=made % 60 == 0, size=9500)
            begun = time.monotonic()
            try:
                agent.send(spool.upload(agent.next, agent.key_wanted))
            except (Refused, OSError) as problem:
                print(f"{agent.workstation}: {problem}", file=sys.stderr)
            waits.append(time.monotonic() - begun)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--agents", type=int, default=200)
    parser.add_argument("--cadence", type=float, default=5)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--build", default=TOP / "build/dev")
    parser.add_argument("--dir", default=None)
    options = parser.parse_args()
    options.long = options.keep = False
    bench = Bench(options)
    try:
        with QuietHall(bench, "agents", options.agents, cameras=0) as hall:
            hall.start()
            enrolled = [hall.enrolled(workstation) for workstation in hall.workstations]
            stop, waits, lanes = threading.Event(), [], 8
            threads = [threading.Thread(target=send_for_ever, args=(enrolled[lane::lanes], options.cadence, stop, waits))
                       for lane in range(lanes)]
            for thread in threads:
                thread.start()
            time.sleep(2 * options.cadence)
            begun, before, waits[:] = time.monotonic(), cpu_seconds(hall.daemon.pid), []
            time.sleep(options.seconds)
            cores = (cpu_seconds(hall.daemon.pid) - before) / (time.monotonic() - begun)
            sent = len(waits)
            stop.set()
            for thread in threads:
                thread.join()
            print(json.dumps({"agents": options.agents, "cadence_s": options.cadence, "entries": sent,
                              "server_core": round(cores, 3), "cpu_ms_per_entry": round(1000 * cores * options.seconds / max(sent, 1), 2),
                              "answer_ms_median": round(1000 * statistics.median(waits), 1), "rss_mb": hall.resident_kib() // 1024,
                              "load": os.getloadavg()[0]}))
            hall.stop()
    finally:
        bench.close()


if __name__ == "__main__":
    main()
