"""Traces: the resident set over time, from extra runs that are not timed."""

from .jobs import JobError

SAMPLED = ("kvstore", "idle")
EVERY_MS = 10


def take(bench, jobs, peers):
    """{job: {allocator: [[seconds, KiB], ...]}} for those of SAMPLED that
    are among the jobs."""
    traces = {}
    for job in jobs:
        if job.name not in SAMPLED:
            continue
        for peer in peers:
            try:
                usage, _ = bench.measured(
                    job.command(bench), peer, sample_ms=EVERY_MS
                )
            except JobError:
                continue  # the timed runs have reported it
            traces.setdefault(job.name, {})[peer.name] = usage["samples"]
    return traces
