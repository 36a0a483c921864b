"""The host's clock jumps."""

import time

from hall import Hall, Shim
from judge import judge

SECOND, HOUR, DAY = 1, 3600, 86_400
SHORT = (+1, -1, +HOUR, -HOUR)
LONG = (+1, -1, +10, -10, +60, -60, +HOUR, -HOUR, +DAY, -DAY, +30 * DAY, -30 * DAY, +3650 * DAY, -3650 * DAY)


def step(bench, steps):
    """Each step is taken back after a while, so that time goes over the same ground twice."""
    with Hall(bench, "clock", cameras=2, retention_days=2) as hall:
        library = bench.compiled("shim.c", "shim.so")
        shim = Shim(hall.dir, library, hall.root)
        hall.start_and_record(shim.environment)
        hall.believe_clock()  # a new hall's purge would begin after an hour
        shifts = [0]
        for seconds in steps:
            before = hall.sizes()
            shim.set(clock_ns=seconds * 1_000_000_000)
            shifts.append(seconds * 1_000_000)
            hall.wait_for_footage(before, 15)
            time.sleep(3)
            shim.set(clock_ns=0)
            time.sleep(6)
        overlaps = hall.rows(
            "SELECT count(*) FROM segments a JOIN segments b ON a.stream = b.stream AND a.start_us < b.start_us"
            " AND b.start_us < a.start_us + a.duration_us - 200000")[0][0]
        purged = hall.rows("SELECT count(*) FROM purges")[0][0]
        assert purged == 0, f"{purged} purges of footage that is minutes old"
        negative = hall.rows("SELECT count(*) FROM segments WHERE duration_us <= 0")[0][0]
        figures = judge(hall, shifts=shifts)
        assert overlaps == 0 and negative == 0, f"{overlaps} overlaps, {negative} negative lengths: {figures}"
        return {"steps_s": list(steps), **figures}


def clock_steps(bench):
    """The clock jumps by ±1 s … ±1 h (long: … ±10 years) and back."""
    return step(bench, LONG if bench.long else SHORT)


FAULTS = {"clock_steps": clock_steps}
