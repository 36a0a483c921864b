"""The network between cameras and recorder, and cameras that mean harm."""

import json
import os
import sys
import time
from pathlib import Path

from hall import Hall, sh, wait_for
from judge import judge


def network_cut(bench):
    """Every camera's network is dead for a while (long: 60 s): no reset, no refusal, packets vanish."""
    bench.need_root()
    bench.need("ip")
    name = f"mj-faults-{os.getpid()}"
    sh("ip", "netns", "add", name)
    inside = ["ip", "netns", "exec", name]
    try:
        sh(*inside, "ip", "link", "set", "lo", "up")
        with Hall(bench, "network", prefix=inside) as hall:
            hall.start_and_record()
            time.sleep(2)
            sh(*inside, "ip", "link", "set", "lo", "down")
            time.sleep(60 if bench.long else 15)
            before = hall.sizes()
            sh(*inside, "ip", "link", "set", "lo", "up")
            again = hall.wait_for_footage(before, 45)
            time.sleep(2)
            figures = judge(hall)
            assert {"camera_unreachable", "stalled"} & set(figures["causes"]), figures
            return {"records_again_s": round(again, 2), **figures}
    finally:
        sh("ip", "netns", "del", name, check=False)


def hostile_cameras(bench):
    """40 hostile cameras beside good ones: each given up ≤ 10 s, ≤ 8 MiB for each, the good ones lose nothing."""
    from hostile import BEHAVIOURS

    evil = Path(__file__).parent / "hostile.py"
    with Hall(bench, "hostile") as hall:
        log = hall.dir / "hostile.log"
        server = hall.spawn("hostile.log", sys.executable, evil)
        try:
            wait_for(lambda: log.exists() and "listening" in log.read_text(), 10, "the hostile cameras")
            port = json.loads(log.read_text().splitlines()[0])["listening"]
            hall.start_and_record()
            alone = hall.resident_kib()
            hall.stop()
            hall.extra = [(f"evil-{number:02}", f"rtsp://127.0.0.1:{port}/{name}")
                          for number, name in enumerate(BEHAVIOURS)]
            hall.write_config()
            hall.start_and_record()
            peak, end = 0, time.monotonic() + (120 if bench.long else 25)
            while time.monotonic() < end:
                peak = max(peak, hall.resident_kib())
                time.sleep(0.2)
            figures = judge(hall)
        finally:
            server.terminate()
            server.wait()
        held = [json.loads(line) for line in log.read_text().splitlines()[1:] if line.startswith("{")]
        longest = max(held, key=lambda line: line["seconds"])
        # One that ends before its first request has no name.
        unmet = set(BEHAVIOURS) - {line["behaviour"] for line in held}
        each = (peak - alone) / len(BEHAVIOURS)
        assert not unmet, f"never given up: {sorted(unmet)}"
        assert longest["seconds"] <= 10, f"given up late: {longest}"
        assert each <= 8 * 1024, f"{each:.0f} KiB for each"
        assert set(figures["causes"]) <= {"camera_unreachable", "shutdown"}, f"good cameras lost footage: {figures}"
        return {"behaviours": len(BEHAVIOURS), "connections": len(held), "longest_s": longest["seconds"],
                "kib_each": round(each), **figures}


FAULTS = {
    "network_cut": network_cut,
    "hostile_cameras": hostile_cameras,
}
