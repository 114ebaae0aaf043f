"""The runner: rounds of jobs under allocators that take turns."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

from . import copies
from .jobs import JobError

TIMEOUT = 600  # seconds for one process
LOG_INTERVAL = 60  # seconds between two lines where there is no terminal
UNWANTED = ("LD_PRELOAD", "BUDDY_CONF", "MALLOC_CONF", "GLIBC_TUNABLES",
            "PYTHONPATH", "PYTHONHOME")


class Bench:
    """What jobs need to know about this run."""

    def __init__(self, folder, out, seed, quick, clock="wall"):
        self.folder = folder  # where the suite was built
        self.clock = clock
        self.out = out
        self.complaints = ""  # the last command's stderr
        self.seed = seed
        self.quick = quick
        os.makedirs(out, exist_ok=True)
        self.scratch = tempfile.mkdtemp(prefix="buddy-bench-")

    def fresh_copies(self, peers, turn):
        """{name: allocator}, as this round is to run them."""
        return copies.fresh(peers, self.scratch, turn)

    def measure_command(self, command, peer, result, sample_ms=0):
        """`command` under the small parent, the library preloaded."""
        wrapped = [os.path.join(self.folder, "measure"), "-o", result]
        if peer is not None:
            wrapped += ["-p", peer.path]
        if sample_ms:
            wrapped += ["-s", str(sample_ms)]
        return wrapped + list(command)

    @staticmethod
    def environment(**more):
        """The environment of everything that is measured."""
        kept = {
            key: value
            for key, value in os.environ.items()
            if key not in UNWANTED
        }
        return {**kept, **more, "LC_ALL": "C"}

    @staticmethod
    def usage(result):
        """What the small parent wrote; an error when the command failed."""
        with open(result, encoding="ascii") as file:
            usage = json.load(file)
        if usage["exit"] != 0:
            raise JobError(
                f"status {usage['exit']}, signal {usage['signal']}"
            )
        return usage

    def measured(self, command, peer, environment=None, sample_ms=0,
                 text=None):
        """Runs a command with `text` on stdin; returns (its cost, its
        output). An allocator's complaint is an error."""
        result = os.path.join(self.scratch, "usage.json")
        out, err = _run(
            self.measure_command(command, peer, result, sample_ms),
            self.environment(**(environment or {})),
            text,
        )
        self.complaints = err.decode(errors="replace")
        if b"libbuddy: " in err:
            raise JobError(self.complaints.splitlines()[0])
        return self.usage(result), out


def _run(command, environment, text):
    """(stdout, stderr) of a command, which is killed with its children when
    it takes too long."""
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL if text is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    ) as child:
        try:
            return child.communicate(text, timeout=TIMEOUT)
        except BaseException as reason:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            if isinstance(reason, subprocess.TimeoutExpired):
                raise JobError(f"no end after {TIMEOUT} s") from reason
            raise


class Progress:
    """One line on the terminal that is written over; where there is none, in
    a log for instance, a line each minute."""

    def __init__(self, steps):
        self.steps = steps
        self.done = 0
        self.begin = time.monotonic()
        self.live = sys.stderr.isatty()
        self.next_line = LOG_INTERVAL

    def step(self, text):
        """Shows what is about to run."""
        gone = time.monotonic() - self.begin
        left = gone / self.done * (self.steps - self.done) if self.done else 0
        self.done += 1
        line = (f"[{self.done}/{self.steps}] {text}  "
                f"{gone:.0f} s gone, about {left:.0f} s left")
        if self.live:
            print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
        elif gone >= self.next_line:
            self.next_line = gone + LOG_INTERVAL
            print(f"bench: {line}", file=sys.stderr, flush=True)

    def end(self):
        """Leaves an empty line."""
        if self.live:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


class Results:
    """Samples by row and allocator."""

    def __init__(self, clock):
        self.clock = clock
        self.rounds = 0  # that came to their end
        self.times = {}  # row -> peer -> [value]
        self.rss = {}  # job -> peer -> [KiB]
        self.units = {}  # row -> unit
        self.groups = {}  # row or job -> group
        self.outputs = {}  # job -> {output: peer that gave it first}
        self.more = {}  # job -> peer -> what the last run said
        self.failures = []

    def add(self, job, peer, outcome):
        """Keeps what a process yielded."""
        for row, value in outcome.times.items():
            self.times.setdefault(row, {}).setdefault(peer.name, []).append(
                value
            )
            self.units[row] = job.unit
            self.groups[row] = job.group
        self.groups.setdefault(job.name, job.group)
        self.rss.setdefault(job.name, {}).setdefault(peer.name, []).append(
            outcome.rss_kb
        )
        self.more.setdefault(job.name, {})[peer.name] = outcome.more
        if outcome.output:
            self.outputs.setdefault(job.name, {}).setdefault(
                outcome.output, peer.name
            )

    def fail(self, job, peer, reason):
        """Remembers a failure; a job that failed under an allocator has no
        row for it."""
        self.failures.append((job.name, peer.name, str(reason)))
        for row in job.rows():
            self.times.get(row, {}).pop(peer.name, None)
        self.rss.get(job.name, {}).pop(peer.name, None)

    def differing(self):
        """Jobs whose output was not the same under every allocator."""
        return {
            job: sorted(outputs.values())
            for job, outputs in self.outputs.items()
            if len(outputs) > 1
        }


def _turns(jobs, peers, rounds, quick):
    """(round, job, allocator), in the order of running: within a round the
    allocators take turns at each job, and another one begins each time."""
    for turn in range(rounds):
        for number, job in enumerate(jobs):
            if turn < job.most_rounds and not (
                    quick and turn >= job.quick_rounds):
                first = (turn + number) % len(peers)
                for peer in peers[first:] + peers[:first]:
                    yield turn, job, peer


def _take_turns(bench, peers, turns, results, progress):
    """Runs all, and keeps what they yield in `results`."""
    failed, placed = set(), {}
    for turn, job, peer in turns:
        if not placed or results.rounds != turn:
            placed = bench.fresh_copies(peers, turn)
        results.rounds = turn
        progress.step(f"round {turn + 1}  {job.name}  {peer.name}")
        if (job.name, peer.name) in failed:
            continue
        try:
            results.add(job, peer, job.run(bench, placed[peer.name]))
        except JobError as reason:
            failed.add((job.name, peer.name))
            results.fail(job, peer, reason)


def run(bench, jobs, peers, rounds):
    """Runs every job under every allocator, `rounds` times. Interrupted, it
    ends there, if each had its turn once."""
    results = Results(bench.clock)
    turns = list(_turns(jobs, peers, rounds, bench.quick))
    progress = Progress(len(turns))
    try:
        _take_turns(bench, peers, turns, results, progress)
        results.rounds = rounds
    except KeyboardInterrupt:
        if not results.rounds:
            raise
    finally:
        progress.end()
    return results
