"""The recorder dies."""

import random
import subprocess
import time
from pathlib import Path

from hall import Hall
from judge import judge, worst_loss_s


def plays(files):
    """Every file opens in a player that is not ours, as it lies there."""
    for path in files:
        done = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v", "-count_packets", "-show_entries",
                               "stream=nb_read_packets", "-of", "csv=p=0", str(path)],
                              capture_output=True, text=True, timeout=30, check=False)
        frames = done.stdout.strip().strip(",")
        assert done.returncode == 0 and int(frames or 0) > 0, f"{path.name} does not play: {done.stderr.strip()}"


def kill_9(bench):
    """≤ 1 s per camera lost, files play unrepaired, recording again ≤ 5 s."""
    rounds = 200 if bench.long else 5
    seed = random.randrange(2**32)
    dice = random.Random(seed)
    losses, starts = [], []
    with Hall(bench, "kill") as hall:
        starts.append(hall.start_and_record())
        for number in range(rounds):
            time.sleep(dice.uniform(0.5, 6))
            killed = hall.kill()
            losses.append(worst_loss_s(hall, killed))
            plays(path for path in hall.files() if path.suffix == ".part" and path.stat().st_size > 200_000)
            starts.append(hall.start_and_record())
            assert starts[-1] <= 5, f"recording again after {starts[-1]:.1f} s (kill {number + 1}, seed {seed})"
            assert losses[-1] <= 1, f"{losses[-1]:.2f} s lost (kill {number + 1}, seed {seed})"
        time.sleep(1)
        figures = judge(hall)
    return {"kills": rounds, "seed": seed, "worst_loss_s": round(max(losses), 2),
            "worst_start_s": round(max(starts), 2), **figures}


def kill_9_while_starting(bench):
    """Killed again and again before it has recovered what the kill before left."""
    rounds = 40 if bench.long else 6
    with Hall(bench, "killstart") as hall:
        hall.start_and_record()
        for number in range(rounds):
            hall.kill()
            hall.start()
            time.sleep(0.02 + 0.6 * number / rounds)
        hall.kill()
        again = hall.start_and_record()
        time.sleep(1)
        return {"kills": rounds, "start_s": round(again, 2), **judge(hall)}


def clean_stop(bench):
    """No fault at all: what the checker says of a good day."""
    with Hall(bench, "good") as hall:
        first = hall.start_and_record()
        time.sleep(60 if bench.long else 8)
        figures = judge(hall)
        assert set(figures["causes"]) <= {"camera_unreachable", "shutdown"}, f"gaps on a good day: {figures}"
        assert figures["frames_twice"] == 0, figures
        plays(Path(path) for path in hall.files())
        return {"start_s": round(first, 2), **figures}


FAULTS = {
    "clean_stop": clean_stop,
    "kill_9": kill_9,
    "kill_9_while_starting": kill_9_while_starting,
}
