"""The index is lost, spoilt or old, the files are there; or copying it fails."""

import errno
import shutil
import sqlite3
import time

from disk_faults import Disk
from hall import Hall, Shim, wait_for
from judge import judge


def recorded(hall, seconds=8):
    hall.start_and_record()
    time.sleep(seconds)
    hall.stop()
    return {path for path in hall.files() if path.suffix == ".mp4"}


def again(hall, files):
    """The next start records within 5 s, and every file of before has its row again."""
    took = hall.start_and_record()
    assert took <= 5, f"recording again after {took:.1f} s"
    time.sleep(3)
    figures = judge(hall)
    rows = {start for (start,) in hall.rows("SELECT start_us FROM segments")}
    lost = [path.name for path in files if int(path.stem) not in rows]
    assert not lost, f"no row for {lost}"
    return {"start_s": round(took, 2), "files": len(files), **figures}


def index_deleted(bench):
    """The index's folder is gone at the start."""
    with Hall(bench, "deleted") as hall:
        files = recorded(hall)
        shutil.rmtree(hall.index)
        return again(hall, files)


def index_older(bench):
    """An index restored from a backup that is older than the store."""
    with Hall(bench, "older") as hall:
        files = recorded(hall, 6)
        shutil.copytree(hall.index, hall.dir / "backup")
        files |= recorded(hall, 10)
        shutil.rmtree(hall.index)
        shutil.copytree(hall.dir / "backup", hall.index)
        return again(hall, files)


def index_spoilt(bench):
    """The index's first page is rubbish."""
    with Hall(bench, "spoilt") as hall:
        files = recorded(hall)
        with open(hall.index / "index.db", "r+b") as index:
            index.write(b"#" * 4096)
        figures = again(hall, files)
        assert list(hall.index.glob("before-*/index.db")), "the spoilt index was not kept"
        return figures


def index_page_spoilt(bench):
    """A page in the midst of the index is rubbish: told with the command that mends it, which mends it."""
    with Hall(bench, "page") as hall:
        files = recorded(hall)
        (root,) = hall.rows("SELECT rootpage FROM sqlite_schema WHERE name = 'segments'")[0]
        with open(hall.index / "index.db", "r+b") as index:
            index.seek((root - 1) * 4096)
            index.write(b"#" * 4096)
        took = hall.start_and_record()
        time.sleep(1)
        hall.stop()
        assert hall.said("rebuild-index") or hall.said("damaged"), "nobody was told"
        code, answer = hall.command("rebuild-index")
        assert code in (0, 1), f"rebuild-index: {answer}"
        return {"first_start_s": round(took, 2), "rebuilt": answer.get("segments"), "lost": answer.get("lost"),
                **again(hall, files)}


def rebuild_index(bench):
    """`mingjing rebuild-index` from the files alone."""
    with Hall(bench, "rebuild") as hall:
        files = recorded(hall)
        shutil.rmtree(hall.index)
        code, answer = hall.command("rebuild-index")
        assert code == 0 and answer["segments"] == len(files), f"{code}: {answer}, {len(files)} files"
        return again(hall, files)


def whole_copies(hall):
    """Copies that have their name; each must be an index without a fault."""
    copies = sorted(hall.backup.glob("index-*.db"))
    for copy in copies:
        database = sqlite3.connect(f"file:{copy}?mode=ro&immutable=1", uri=True)
        try:
            (verdict,) = database.execute("PRAGMA integrity_check").fetchone()
            assert verdict == "ok", f"{copy.name}: {verdict}"
            database.execute("SELECT count(*) FROM streams").fetchone()
        finally:
            database.close()
    return copies


def first_copy(hall, environment=None):
    """Starts mingjingd where there is no copy yet: it makes one, or says why not. How many there are then."""
    shutil.rmtree(hall.backup, ignore_errors=True)
    hall.start_and_record(environment)
    wait_for(lambda: hall.said("backup: "), 15, "a word about the backup")
    copies = whole_copies(hall)
    assert copies or hall.said("the older ones are kept"), "no copy, and nobody was told"
    assert not list(hall.backup.glob("*.part*")), "half a copy was left"
    return len(copies)


def backup_fails(bench):
    """Copying the index: each Nth operation fails, the disk is full, killed in the middle. What has a name is whole, recording goes on."""
    failed = number = kills = 0
    with Hall(bench, "backup") as hall:
        shim = Shim(hall.dir, bench.compiled("shim.c", "shim.so"), hall.backup)
        assert first_copy(hall, shim.environment) == 1
        hall.stop()
        hit = number = 1
        while hit:
            shim.set(operations=0, injected=0, kinds=Shim.ALL, first=number, count=1, error=errno.EIO)
            failed += first_copy(hall, shim.environment) == 0
            hall.stop()
            hit = shim.get("injected")
            number += 1 if bench.long else 1 + number // 3
        assert failed >= 3, f"only {failed} copies failed"
        for delay_us in (1_000, 5_000, 20_000, 60_000):
            shutil.rmtree(hall.backup, ignore_errors=True)
            shim.set(kinds=Shim.ALL, first=0, delay_us=delay_us)
            hall.start_and_record(shim.environment)
            wait_for(lambda: list(hall.backup.glob("index-*")), 15, "a copy under way")
            time.sleep(0.1)
            hall.kill()
            whole_copies(hall)
            kills += 1
        shim.set(kinds=0, delay_us=0)
        with Disk(bench, "copies") as disk:
            hall.backup = disk.place / "copies"
            hall.write_config()
            assert first_copy(hall) == 0 and hall.said("MB are free"), hall.last_words()
            hall.stop()
        hall.backup = hall.dir / "elsewhere"
        hall.write_config()
        assert first_copy(hall) == 1
        hall.stop()
        # Restored, as index/README.md says.
        (copy,) = whole_copies(hall)
        shutil.rmtree(hall.index)
        hall.index.mkdir()
        shutil.copy(copy, hall.index / "index.db")
        files = {path for path in hall.files() if path.suffix == ".mp4"}
        return {"n_max": number, "failed_copies": failed, "kills": kills, **again(hall, files)}


FAULTS = {
    "backup_fails": backup_fails,
    "index_deleted": index_deleted,
    "index_older": index_older,
    "index_spoilt": index_spoilt,
    "index_page_spoilt": index_page_spoilt,
    "rebuild_index": rebuild_index,
}
