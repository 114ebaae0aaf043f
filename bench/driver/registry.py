"""The registry: every job of the suite, in the order of the tables."""

import re

from . import programs
from .jobs import Latency, Micro, Workload, micro_families


def _threads(program, *counts, **options):
    """A workload on several numbers of threads."""
    return tuple(
        Workload(f"{program}-{n}", program, (f"--threads={n}",), **options)
        for n in counts
    )


WORKLOADS = (
    Workload("loop-64", "loop", ("--size=64",)),
    Workload("burst-64", "burst", ("--size=64",)),
    Workload("burst-512", "burst", ("--size=512",)),
    *_threads("replace", 1, 2, 4, 8),
    Workload("handoff", "handoff"),
    Workload("buffers", "buffers", unit="us/op"),
    *_threads("larson", 1, 2, 4, 8),
    Workload("trees", "trees"),
    Workload("symbols", "symbols"),
    Workload("bignum", "bignum", quick_rounds=2),
    *_threads("queue", 2, 4, 8),
    Workload("lists", "lists"),
    Workload("strings", "strings"),
    Workload("kvstore", "kvstore", quick_rounds=2),
    Workload("arenas", "arenas"),
    Workload("tables", "tables"),
    Workload("idle", "idle", ("--mode=long",), quick_options=("--mode=short",),
             most_rounds=2),
    *_threads("ring", 2, 4),
    Workload("sharing-active", "sharing", ("--mode=active", "--threads=2")),
    Workload("sharing-passive", "sharing", ("--mode=passive", "--threads=2")),
    Workload("shortlived", "shortlived", unit="us/op"),
)

LATENCY = (
    Latency("latency-1", "latency", ("--threads=1",)),
    Latency("latency-2", "latency", ("--threads=2",)),
)


def all_jobs(bench):
    """Every job."""
    return [
        *WORKLOADS,
        *micro_families(bench),
        *programs.PROGRAMS,
        *LATENCY,
    ]


def select(jobs, pattern):
    """Jobs whose name, or one of whose rows, the pattern is found in. Of a
    family of micro-benchmarks only such rows are kept."""
    wanted = re.compile(pattern)
    chosen = []
    for job in jobs:
        if wanted.search(job.name):
            chosen.append(job)
        elif any(wanted.search(row) for row in job.rows()):
            chosen.append(job.only(wanted) if isinstance(job, Micro) else job)
    return chosen
