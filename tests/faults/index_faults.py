"""The index is lost, spoilt or old; the files are there."""

import shutil
import time

from hall import Hall
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


FAULTS = {
    "index_deleted": index_deleted,
    "index_older": index_older,
    "index_spoilt": index_spoilt,
    "index_page_spoilt": index_page_spoilt,
    "rebuild_index": rebuild_index,
}
