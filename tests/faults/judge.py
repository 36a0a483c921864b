"""The independent checker: tags in the files and the farm's log against the ledger in the index. It shares no code with
the product: files are searched for the tags' text, the index is read as the SQLite file it is."""

import mmap
import re
from collections import Counter, defaultdict

TAG = re.compile(rb"FARMTAG cam=([0-9a-f]{8}) s=([0-9a-f]{8}) n=([0-9]{10}) us=([0-9]{16})")
TOUCH_US = 200_000  # footage this close is one piece
CLOCK_US = 700_000  # how far a frame's place in the ledger may be from the moment it was sent
UNEXPLAINED = "not explained"


def tags_in(path):
    """(camera, session, number, µs) of every frame in a file."""
    with open(path, "rb") as file:
        if path.stat().st_size == 0:
            return []
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as bytes_:
            return [(int(c, 16), int(s, 16), int(n), int(us)) for c, s, n, us in TAG.findall(bytes_)]


def fnv1a(text):
    value = 2166136261
    for byte in text.encode():
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value


def sessions_of(hall):
    """{session: (camera hash, frames sent, begin µs, end µs)} of sessions that ended."""
    sessions = {}
    for line in hall.farm_log.read_text().splitlines():
        number, _, camera, begin, end, frames, *_ = line.split(",")
        sessions[int(number)] = (int(camera, 16), int(frames), float(begin) * 1e6, float(end) * 1e6)
    return sessions


class Ledger:
    """Footage and gaps of one stream, from the index's rows."""

    def __init__(self, hall, key):
        stream, self.configured = hall.rows(f"SELECT id, configured_us FROM streams WHERE key = '{key}'")[0]
        self.footage = hall.rows(f"SELECT start_us, start_us + duration_us FROM segments WHERE stream = {stream} ORDER BY 1")
        self.gaps = hall.rows("SELECT begin_us, coalesce(end_us, 9000000000000000), cause, detail FROM gaps"
                              f" WHERE stream = {stream} ORDER BY 1")

    def gaps_over_footage(self):
        """Gaps that lie over footage: such a gap would explain whatever is missing there."""
        return [gap[:3] for gap in self.gaps for begin, end in self.footage
                if min(gap[1], end) - max(gap[0], begin) > TOUCH_US]

    def unexplained(self):
        """Stretches that are neither footage nor a gap with a cause."""
        holes = [(begin, end) for begin, end, _, detail in self.gaps if detail.startswith(UNEXPLAINED)]
        cursor = self.configured
        for begin, end in sorted(self.footage + [gap[:2] for gap in self.gaps]):
            if begin > cursor + TOUCH_US:
                holes.append((cursor, begin))
            cursor = max(cursor, end)
        return holes

    def in_gap(self, us, shifts):
        return any(begin - CLOCK_US <= us + shift <= end + CLOCK_US for begin, end, _, _ in self.gaps for shift in shifts)


def missing_frames(session, numbers):
    """Moments (µs) of the frames that were sent and are in no file. `numbers`: {n: µs} of those that are."""
    _, sent, begin, end = session
    known = {0: begin, sent + 1: end, **numbers}
    order = sorted(known)
    for before, after in zip(order, order[1:]):
        step = (known[after] - known[before]) / (after - before)
        for number in range(before + 1, after):
            yield known[before] + step * (number - before)


def pieces(numbers):
    """[begin µs, end µs] of every stretch of which no frame is missing. `numbers`: {n: µs}."""
    found = []
    before = None
    for number, us in sorted(numbers.items()):
        if before is not None and number == before + 1:
            found[-1][1] = us
        else:
            found.append([us, us])
        before = number
    return found


def judge(hall, allow=(), shifts=(0,)):
    """Stops the hall and compares. `allow`: kinds of findings of `mingjing check` that the fault explains. `shifts`: how
    far the daemon's clock was from the farm's, µs. Returns figures; raises AssertionError."""
    if hall.daemon.poll() is None:
        hall.stop()
    hall.stop_farm()
    _, report = hall.command("check", "--hashes")
    findings = Counter(finding["kind"] for finding in report.get("findings", [{"kind": report.get("error", "?")}]))
    for kind in allow:
        findings.pop(kind, None)
    recorded = defaultdict(dict)
    twice = 0
    for path in hall.files():
        for _, session, number, us in tags_in(path):
            twice += number in recorded[session]
            recorded[session][number] = us
    ledgers = {fnv1a(f"hd/{camera}"): Ledger(hall, f"{camera}.main") for camera in hall.cameras}
    causes, holes, false_gaps, silent, lost, doubled, sent = Counter(), [], [], 0, 0, 0, 0
    for ledger in ledgers.values():
        holes += ledger.unexplained()
        false_gaps += ledger.gaps_over_footage()
        causes.update(cause for _, _, cause, _ in ledger.gaps)
    sessions = sessions_of(hall)
    untold = set(recorded) - set(sessions)
    assert not untold, f"the farm's log knows nothing of connections {sorted(untold)}"
    whole = {number: pieces(numbers) for number, numbers in recorded.items()}
    for number, session in sessions.items():
        if session[0] not in ledgers:
            continue
        sent += session[1]
        others = [piece for other, found in whole.items() if other != number and sessions[other][0] == session[0]
                  for piece in found]
        for moment in missing_frames(session, recorded.get(number, {})):
            # A camera goes on sending into a connection that was given up: that moment is there from the next one.
            if any(begin <= moment <= end for begin, end in others):
                doubled += 1
                continue
            lost += 1
            silent += not ledgers[session[0]].in_gap(moment, shifts)
    figures = {"frames_sent": sent, "frames_missing": lost, "frames_missing_silently": silent,
               "frames_from_another_connection": doubled, "frames_twice": twice, "gaps_over_footage": len(false_gaps),
               "unexplained_gaps": len(holes), "unexplained_s": round(sum(e - b for b, e in holes) / 1e6, 2),
               "findings": dict(findings), "causes": dict(causes)}
    assert sent > 0, f"no camera sent anything: {figures}"
    assert not findings and not holes and not silent and not false_gaps, f"not accounted for: {figures}"
    return figures


def last_moments(hall):
    """{camera: µs of its newest frame in any file}."""
    newest = defaultdict(int)
    hashes = {fnv1a(f"hd/{camera}"): camera for camera in hall.cameras}
    for path in hall.files():
        for camera, _, _, us in tags_in(path):
            if camera in hashes:
                newest[hashes[camera]] = max(newest[hashes[camera]], us)
    return newest


def worst_loss_s(hall, at_us):
    """Of all cameras, the longest time before `at_us` of which nothing is in a file."""
    newest = last_moments(hall)
    return max((at_us - newest[camera]) / 1e6 for camera in hall.cameras)
