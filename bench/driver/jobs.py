"""Jobs: what is run once per allocator and round, and what it yields.

A job is one process under measurement. It yields one time per row (most jobs
have one row) and one peak resident set.
"""

import dataclasses
import json
import os
import subprocess
from dataclasses import dataclass, field

from .spread import quartiles


class JobError(Exception):
    """A job failed under an allocator; the text says how."""


def parse(text):
    """JSON that a program printed."""
    try:
        return json.loads(text)
    except ValueError as reason:
        raise JobError(f"no JSON: {text[:80]!r}") from reason


@dataclass
class Outcome:
    """What one process yielded."""

    times: dict  # row -> value in the job's unit
    rss_kb: float
    output: str = ""  # must be the same under every allocator
    more: dict = field(default_factory=dict)


UNITS = {"ns/op": 1e9, "us/op": 1e6}  # per second


@dataclass(frozen=True)
class Workload:
    """One of the programs in bench/workloads."""

    name: str
    program: str
    options: tuple = ()
    group: str = "workload"
    unit: str = "ns/op"
    quick_scale: float = 0.03
    quick_options: tuple = ()  # instead of `options`, when there are any
    most_rounds: int = 1000
    quick_rounds: int = 1000

    def command(self, bench):
        """The command line of one run."""
        options, scale = self.options, 1.0
        if bench.quick:
            options, scale = self.quick_options or options, self.quick_scale
        return [
            os.path.join(bench.folder, "workloads", self.program),
            f"--seed={bench.seed}",
            f"--scale={scale}",
            *options,
        ]

    def rows(self):
        """The rows that a run yields."""
        return [self.name]

    def run(self, bench, peer):
        """Runs it once under an allocator."""
        usage, text = bench.measured(self.command(bench), peer)
        line = {**parse(text), "usage": usage}
        if bench.clock == "cpu":
            line["seconds"] = usage["user"] + usage["system"]
        return Outcome(
            self.times(line),
            line.get("rss_kb", usage["maxrss_kb"]),
            line["checksum"],
            line,
        )

    def times(self, line):
        """Times by row, from the line that the program printed."""
        seconds = line["seconds"] / line["operations"]
        return {self.name: seconds * UNITS[self.unit]}


@dataclass(frozen=True)
class Latency(Workload):
    """The latency histogram: a row per call and percentile."""

    POINTS = ("p50", "p99", "p99.9", "p99.99", "max")
    group: str = "latency"
    unit: str = "ns"
    quick_scale: float = 0.07

    def rows(self):
        return [
            f"{self.name}/{call}/{point}"
            for call in ("malloc", "free")
            for point in self.POINTS
        ]

    def times(self, line):
        found = {}
        for row in self.rows():
            _, call, point = row.split("/")
            found[row] = line[call][point]
        return found


@dataclass(frozen=True)
class Micro:
    """One family of micro-benchmarks; each case is a row."""

    name: str
    cases: tuple
    group: str = "micro"
    unit: str = "ns/op"
    # Seconds of a turn, and before the first without a clock: what is timed
    # are calls, not the faults of memory that is touched for the first time.
    FULL_SECONDS = (0.016, 0.05)
    QUICK_SECONDS = (0.001, 0.012)
    # A program on the same core (another virtual machine's, maybe) slows some
    # of the turns down and none up, so the lower quartile of them counts.
    FULL_TURNS, QUICK_TURNS = 8, 6
    most_rounds: int = 1000
    quick_rounds: int = 1000

    def rows(self):
        """The cases."""
        return list(self.cases)

    def only(self, pattern):
        """The family with those cases that the pattern is found in."""
        kept = tuple(case for case in self.cases if pattern.search(case))
        return dataclasses.replace(self, cases=kept)

    def run(self, bench, peer):
        """Runs the family once under an allocator."""
        names = "|".join(self.cases)  # letters, digits, / and - only
        timed, before = (self.QUICK_SECONDS if bench.quick
                         else self.FULL_SECONDS)
        turns = self.QUICK_TURNS if bench.quick else self.FULL_TURNS
        usage, text = bench.measured(
            [
                micro_program(bench),
                f"--benchmark_filter=^({names})/real_time",
                f"--benchmark_min_time={timed}",
                f"--benchmark_min_warmup_time={before}",
                f"--benchmark_repetitions={turns}",
                "--benchmark_format=json",
            ],
            peer,
        )
        clock = "cpu_time" if bench.clock == "cpu" else "real_time"
        samples = {}
        for entry in parse(text)["benchmarks"]:
            if entry.get("error_occurred"):
                raise JobError(f"{entry['name']}: {entry['error_message']}")
            if entry["run_type"] == "iteration":
                case = case_name(entry["run_name"])
                samples.setdefault(case, []).append(entry[clock])
        times = {case: quartiles(found)[0] for case, found in samples.items()}
        return Outcome(times, usage["maxrss_kb"])


def micro_program(bench):
    """Where the micro-benchmarks were built."""
    return os.path.join(bench.folder, "micro", "micro")


def case_name(google_name):
    """A case's name without what Google Benchmark adds to it."""
    return google_name.partition("/real_time")[0]


def micro_families(bench):
    """A job per family, from the program's own list."""
    done = subprocess.run(
        [micro_program(bench), "--benchmark_list_tests"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    families = {}
    for line in done.stdout.split():
        case = case_name(line)
        families.setdefault(case.partition("/")[0], []).append(case)
    return [Micro(name, tuple(cases)) for name, cases in families.items()]
