"""The recorder dies while it takes up what feeds left for it."""

import time

from hall import Hall, wait_for
from judge import judge


def kill_9_beside_feed(bench):
    """Killed in the middle of a feed's file, again and again: every event is there once, and every file is put away."""
    files, rows = (8, 4000) if bench.long else (2, 3000)
    with Hall(bench, "feed", cameras=2) as hall:
        drop = hall.dir / "drop"
        drop.mkdir()
        hall.more = ['[[windows]]\nid = "w1"\nname = "1号窗口"',
                     f'[[feeds]]\nid = "queue"\ntoken = "0123456789abcdef-faults"\nfolder = "{drop}"']
        hall.write_config()
        for file in range(files):
            lines = ["type,id,at,window,ticket,case"]
            for row in range(rows):
                minute, kind = divmod(row, 2)
                at = f"2026-0{file + 1}-{minute // 100 + 1:02}T{9 + minute % 100 // 20:02}:{minute % 20 * 3:02}:{kind * 30:02}+08:00"
                lines.append(f"{('ticket_called', 'ticket_finished')[kind]},{file}-{row},{at},w1,A{minute},{f'SC-{file}-{minute}' if kind == 0 else ''}")
            (drop / f"{file}.csv").write_text("\n".join(lines) + "\n")

        def events():
            return hall.rows("SELECT count(*) FROM events")[0][0]

        hall.start_and_record()
        kills = amid = 0
        while events() < files * rows:
            wanted = events() + 900
            wait_for(lambda: events() >= min(wanted, files * rows), 60, "more events")
            hall.kill()
            kills += 1
            amid += events() % rows != 0
            hall.start_and_record()
        wait_for(lambda: not list(drop.glob("*.csv")), 60, "every file put away")
        time.sleep(1)
        assert amid >= 2, f"{amid} of {kills} kills came in the middle of a file"
        done = {path.name for path in (drop / "done").iterdir()}
        assert done >= {f"{file}.csv" for file in range(files)}, f"put away: {done}"
        assert not (drop / "refused").exists(), list((drop / "refused").iterdir())
        assert events() == files * rows, f"{events()} events of {files * rows}"
        visits, finished = hall.rows("SELECT count(*), count(finished_us) FROM visits")[0]
        assert visits == finished == files * rows // 2, f"{visits} visits, {finished} of them finished"
        return {"kills": kills, "amid_a_file": amid, "events": events(), **judge(hall)}


FAULTS = {
    "kill_9_beside_feed": kill_9_beside_feed,
}
