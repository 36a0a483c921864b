"""A clerk's day of eight hours, as steps of five seconds: (what changes on the screen, or None; what the session does, or None).

The office day: visitors one after the other, each with a form that is typed into, a list, papers and sheets to read; pauses without
input, locked at noon and twice more. The day with photographs: the same, and eight pages of photographs or scans an hour and the
desktop with its wallpaper."""

import random

INTERVAL = 5
PHOTOS = ["fruits", "building", "home", "baboon", "orange", "board", "aloeL", "leuvenA", "stuff", "messi5", "butterfly", "squirrel_cls"]
WALLPAPER = "/photos/starry_night.jpg"
LOCKED = [(10.0, 10.2), (12.0, 13.0), (15.5, 15.7)]  # hours of the day, from 9 to 17
IDLE = [(11.6, 11.8), (13.0, 13.15), (16.6, 16.8)]   # nobody touches anything


def within(hour, spans):
    return any(begin <= hour < end for begin, end in spans)


def visitor(seed, photographs):
    """The steps of one visit, about eight minutes; None: nothing changes."""
    dice = random.Random(seed)
    title = f"2026112{seed % 10}-{100000 + seed} 受理 - 政务服务审批系统"
    yield {"page": "list", "seed": seed * 4 + 1, "title": "待办事项 - 政务服务审批系统"}
    yield from [None] * dice.randrange(3, 8)
    yield {"page": "form", "seed": seed * 4 + 2, "title": title}
    for field in range(dice.randrange(9, 15)):
        for _ in range(dice.randrange(1, 5)):  # a field is typed over several looks
            yield {"type": dice.randrange(2, 9), "field": field}
        yield from [None] * dice.randrange(0, 3)
    for kind in ("paper", "sheet"):
        if dice.random() < 0.7:
            yield {"page": kind, "seed": seed * 4 + 3, "title": "材料查看 - 政务服务审批系统"}
            yield from [None] * dice.randrange(3, 12)
    if photographs:
        yield {"page": "news" if seed % 2 else "scan", "seed": seed * 4, "title": "电子证照 - 政务服务审批系统",
               "photos": [f"/photos/{name}.jpg" for name in dice.sample(PHOTOS, 4)]}
        yield from [None] * dice.randrange(3, 9)
        if seed % 4 == 0:
            yield {"page": "desk", "seed": 1, "title": "桌面", "photos": [WALLPAPER]}
            yield from [None] * dice.randrange(4, 12)
    yield {"page": "form", "seed": seed * 4 + 2, "title": title.replace("受理", "办结")}
    yield {"type": 12, "field": 14}
    yield from [None] * dice.randrange(8, 30)


def steps(photographs, hours=8.0, begin=9.0):
    """(step or None, "lock", "unlock" or None) for each look."""
    seed, visit, locked, minute = 1, iter(()), False, -1
    for look in range(int(hours * 3600 / INTERVAL)):
        hour = begin + look * INTERVAL / 3600
        lock = within(hour, LOCKED)
        session = None if lock == locked else "lock" if lock else "unlock"
        locked = lock
        step = None
        if not lock and not within(hour, IDLE):
            try:
                step = next(visit)
            except StopIteration:
                seed += 1
                visit = visitor(seed, photographs)
                step = next(visit)
        if int(hour * 60) != minute and not lock:
            minute = int(hour * 60)
            step = dict(step or {}, clock=f"{int(hour):02}:{minute % 60:02}")
        yield step, session
