"""The disk is full, slow, broken, gone or another one."""

import errno
import time
from pathlib import Path

from hall import Hall, Shim, sh, wait_for
from judge import UNEXPLAINED, judge


class Disk:
    """An ext4 of its own in a file, mounted by loop device. A context manager."""

    def __init__(self, bench, name, megabytes=48):
        bench.need_disks()
        self.image = bench.folder / f"{name}.img"
        self.place = bench.folder / name
        self.place.mkdir(exist_ok=True)
        self.loop = None
        self.image.write_bytes(b"")
        sh("truncate", "-s", f"{megabytes}M", self.image)
        sh("mkfs.ext4", "-q", "-F", "-m", "0", self.image)

    def __enter__(self):
        self.mount()
        return self

    def __exit__(self, *_):
        self.unmount(check=False)
        self.image.unlink()

    def mount(self):
        self.loop = sh("losetup", "-f", "--show", self.image, stdout=-1).stdout.strip()
        sh("mount", self.loop, self.place)

    def unmount(self, check=True, lazily=False):
        sh("umount", *(["-l"] if lazily else []), self.place, check=check)
        sh("losetup", "-d", self.loop, check=False)


def on_disk(bench, disk, name):
    hall = Hall(bench, name, cameras=3)
    hall.stores = [disk.place]
    return hall


def disk_full_at_start(bench):
    """The store has no room when recording should begin; then somebody makes room."""
    with Disk(bench, "fullstart") as disk, on_disk(bench, disk, "fullstart") as hall:
        # A store that was there before: an empty directory on a full disk cannot even get its marker.
        hall.start_and_record()
        hall.stop()
        sh("dd", "if=/dev/zero", f"of={bench.folder}/fullstart/lost+found/filler", "bs=1M", check=False)
        hall.start()
        told = wait_for(lambda: hall.said("free on") or hall.said("is full"), 10, "an alarm")
        time.sleep(4)
        before = hall.sizes()
        (disk.place / "lost+found/filler").unlink()
        again = hall.wait_for_footage(before)
        time.sleep(2)
        figures = judge(hall)
        assert "no_space" in figures["causes"], figures
        return {"alarm_s": round(told, 2), "records_after_room_s": round(again, 2), **figures}


def disk_full_in_flight(bench):
    """The store fills up while it is recorded to; then somebody makes room."""
    with Disk(bench, "full") as disk, on_disk(bench, disk, "full") as hall:
        hall.start_and_record()
        filler = disk.place / "lost+found/filler"
        sh("dd", "if=/dev/zero", f"of={filler}", "bs=1M", check=False)
        told = wait_for(lambda: hall.said("free on") or hall.said("is full"), 20, "an alarm")
        time.sleep(4)
        before = hall.sizes()
        filler.unlink()
        again = hall.wait_for_footage(before)
        time.sleep(2)
        figures = judge(hall)
        assert "no_space" in figures["causes"], figures
        return {"alarm_s": round(told, 2), "records_after_room_s": round(again, 2), **figures}


def shimmed(bench, hall):
    library = bench.compiled("shim.c", "shim.so")
    return Shim(hall.dir, library, hall.stores[0])


def io_errors(bench):
    """For five seconds every write and every sync of the store answers EIO."""
    with Hall(bench, "eio", cameras=5) as hall:
        shim = shimmed(bench, hall)
        hall.start_and_record(shim.environment)
        shim.set(kinds=Shim.WRITE | Shim.SYNC, count=2**40, error=errno.EIO, first=1)
        told = wait_for(lambda: hall.said("suspect") or hall.said("not written to"), 10, "an alarm")
        time.sleep(5)
        injected = shim.get("injected")
        before = hall.sizes()
        shim.set(first=0, kinds=0)
        again = hall.wait_for_footage(before)
        time.sleep(2)
        figures = judge(hall)
        assert "disk_error" in figures["causes"], figures
        return {"errors": injected, "alarm_s": round(told, 2), "records_again_s": round(again, 2), **figures}


def failover(bench):
    """Two stores; the first breaks: its cameras go on at the second."""
    with Hall(bench, "failover", cameras=3, stores=2) as hall:
        shim = shimmed(bench, hall)
        hall.start_and_record(shim.environment)
        shim.set(kinds=Shim.ALL, count=2**40, error=errno.EIO, first=1)

        def second_records():
            streams = {path.parts[-3] for path in hall.files() if path.is_relative_to(hall.stores[1])}
            return len(streams) == len(hall.cameras)

        took = wait_for(second_records, 15, "footage in the second store")
        time.sleep(3)
        shim.set(first=0, kinds=0)
        # A disk that refuses even renames leaves a closed segment under its open name. Nothing else may be wrong
        # now, and nothing at all after the next start.
        left = judge(hall, allow=("open_file",))
        hall.start()
        wait_for(lambda: hall.said("listening on"), 15, "the next start")
        judge(hall)
        return {"failover_s": round(took, 2), **left}


def every_nth(bench, name, place, step, may_refuse_to_start):
    """Of the operations below place(hall) in a run (start, four seconds of recording with new files, stop) the Nth fails."""
    operations, hits, refused, passes, number = [], 0, 0, 0, 1
    with Hall(bench, name, cameras=2, segment_seconds=2) as hall:
        shim = Shim(hall.dir, bench.compiled("shim.c", "shim.so"), place(hall))

        def run(first):
            nonlocal refused
            shim.set(operations=0, injected=0, kinds=Shim.ALL, first=first, count=1, error=errno.EIO)
            hall.start(shim.environment)
            wait_for(lambda: hall.said(": hall faults"), 15, "the first word of mingjingd")
            time.sleep(4)
            if may_refuse_to_start and hall.daemon.poll() is not None:
                assert hall.daemon.returncode == 2 and hall.said("cannot start"), hall.last_words()
                refused += 1  # and the service manager starts it again
            else:
                hall.stop()
            operations.append(shim.get("operations"))
            return shim.get("injected")

        run(0)
        run(0)  # the first made what the others find
        # Timing decides how many operations a run has; two in a row that end before the Nth are the end.
        while passes < 2 or number <= operations[1]:
            hit = run(number)
            hits += hit
            passes = 0 if hit else passes + 1
            number += step
        shim.set(kinds=0)
        hall.start_and_record()
        figures = judge(hall)
    assert operations[1] > 30, f"a run has {operations[1]} operations only: did it record?"
    return {"n_max": number - step, "step": step, "operations_without_fault": operations[1], "failed_operations": hits,
            "refused_starts": refused, **figures}


def nth_operation_fails(bench):
    """The Nth write, sync, rename, create or truncate of the store fails, N = 1, 2, 3 … until runs pass without one."""
    return every_nth(bench, "nth", lambda hall: hall.stores[0], 1 if bench.long else 8, may_refuse_to_start=False)


def nth_index_operation_fails(bench):
    """The same for the index. One that cannot be opened ends mingjingd: the next start finds what there is."""
    return every_nth(bench, "nthindex", lambda hall: hall.index, 1 if bench.long else 12, may_refuse_to_start=True)


def unmounted_and_swapped(bench):
    """The store's disk goes away, another comes in its place, then the right one is back."""
    with Disk(bench, "right") as right, Disk(bench, "wrong") as wrong, on_disk(bench, right, "swap") as hall:
        hall.start_and_record()
        # Another hall's disk: it has a marker of its own.
        (wrong.place / ".mingjing-store").write_text("mingjing store 1\nstore=other\nuuid=00000000-0000-4000-8000-000000000000\n")
        before = {path.name for path in wrong.place.iterdir()}
        right.unmount(lazily=True)
        time.sleep(4)
        beneath = [path.name for path in right.place.iterdir()]
        assert not beneath, f"wrote to the bare mount point: {beneath}"
        sh("mount", "--bind", wrong.place, right.place)
        time.sleep(4)
        sh("umount", right.place)
        assert {path.name for path in wrong.place.iterdir()} == before, "wrote to a foreign disk"
        right.mount()
        again = hall.wait_for_footage()
        time.sleep(2)
        figures = judge(hall)
        assert "disk_error" in figures["causes"], figures
        return {"records_again_s": round(again, 2), **figures}


def slow_disk(bench):
    """Every sync takes 1.5 s for a while: nothing is lost, or it is said."""
    with Hall(bench, "slow", cameras=5) as hall:
        shim = shimmed(bench, hall)
        hall.start_and_record(shim.environment)
        rss = hall.resident_kib()
        shim.set(kinds=Shim.SYNC, delay_us=1_500_000)
        time.sleep(60 if bench.long else 10)
        grown = hall.resident_kib() - rss
        shim.set(kinds=0, delay_us=0)
        time.sleep(3)
        assert grown < 200 * 1024, f"memory grew by {grown} KiB"
        return {"grown_kib": grown, **judge(hall)}


def hung_disk(bench):
    """The disk does not answer at all: the ledger says so while it hangs; so does the next start after a stop meanwhile."""
    with Hall(bench, "hung", cameras=5) as hall:
        shim = shimmed(bench, hall)
        hall.start_and_record(shim.environment)
        time.sleep(3)

        def told():
            _, answer = hall.command("coverage")
            newest = [stream["gaps"][-1] for stream in answer["streams"] if stream["gaps"]]
            return len(newest) == len(hall.cameras) and all(
                gap["cause"] == "disk_error" and gap["end_us"] is None for gap in newest)

        def unexplained():
            _, answer = hall.command("coverage")
            return [gap for stream in answer["streams"] for gap in stream["gaps"] if gap["detail"].startswith(UNEXPLAINED)]

        shim.set(kinds=Shim.WRITE | Shim.SYNC, delay_us=Shim.FOR_EVER)
        ledger_s = wait_for(told, 11, "a gap with its cause for every stream")
        assert not unexplained(), unexplained()
        time.sleep(30 if bench.long else 5)
        assert told(), "the gap was closed while the disk hung"
        before = hall.sizes()
        shim.set(kinds=0, delay_us=0)
        again_s = hall.wait_for_footage(before)
        time.sleep(3)
        shim.set(kinds=Shim.WRITE | Shim.SYNC, delay_us=Shim.FOR_EVER)
        wait_for(told, 11, "the second time")
        hall.daemon.terminate()
        code = hall.daemon.wait(15)
        shim.set(kinds=0, delay_us=0)
        hall.start_and_record()
        time.sleep(2)
        figures = judge(hall)
        return {"ledger_says_s": round(ledger_s, 2), "records_again_s": round(again_s, 2), "stop_exit_code": code, **figures}


FAULTS = {
    "disk_full_at_start": disk_full_at_start,
    "disk_full_in_flight": disk_full_in_flight,
    "io_errors": io_errors,
    "failover": failover,
    "nth_operation_fails": nth_operation_fails,
    "nth_index_operation_fails": nth_index_operation_fails,
    "unmounted_and_swapped": unmounted_and_swapped,
    "slow_disk": slow_disk,
    "hung_disk": hung_disk,
}
