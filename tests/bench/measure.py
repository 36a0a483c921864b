"""Child processes and what they cost, read from /proc."""

import os
import subprocess
import time


class Child:
    """A process that ends with this one. Its output goes to a file."""

    def __init__(self, name, command, folder, environment=None):
        self.name = name
        self.log = os.path.join(folder, name + ".log")
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *map(str, command)], stdin=subprocess.DEVNULL,
                                            stdout=out, stderr=out, start_new_session=True,
                                            env=dict(os.environ, **(environment or {})))

    @property
    def pid(self):
        return self.process.pid

    @property
    def alive(self):
        return self.process.poll() is None

    def text(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def wait_for(self, found, seconds):
        """The first true value of found(text of the log); RuntimeError when the process ends or time is over."""
        end = time.monotonic() + seconds
        while True:
            value = found(self.text())
            if value:
                return value
            if not self.alive or time.monotonic() > end:
                raise RuntimeError(f"{self.name}: not what was waited for:\n{self.text()[-2000:]}")
            time.sleep(0.1)

    def signal(self, number):
        if self.alive:
            self.process.send_signal(number)

    def stop(self, patience=15):
        if self.alive:
            self.process.terminate()
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def task_seconds(pid, task):
    """Run time of a thread, to the nanosecond; 0 when it has ended."""
    try:
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as schedstat:
            return int(schedstat.read().split()[0]) / 1e9
    except OSError:
        return 0.0


def tasks(pid):
    try:
        return os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []


def cpu_seconds(pids):
    """User and system time of processes, all their living threads."""
    return sum(task_seconds(pid, task) for pid in pids for task in tasks(pid))


def pss_mb(pids):
    """Proportional set size: shared pages are divided among those who share them."""
    kilobytes = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
                kilobytes += sum(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
        except OSError:
            pass
    return kilobytes / 1024


def threads(pids):
    return sum(len(tasks(pid)) for pid in pids)


def thread_costs(pid):
    """{thread name: CPU seconds}, threads of one name together."""
    costs = {}
    for task in tasks(pid):
        with open(f"/proc/{pid}/task/{task}/comm", encoding="ascii", errors="replace") as comm:
            name = comm.read().strip()
        costs[name] = costs.get(name, 0) + task_seconds(pid, task)
    return costs


def load():
    with open("/proc/loadavg", encoding="ascii") as loadavg:
        return float(loadavg.read().split()[0])
