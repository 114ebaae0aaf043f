"""Locks: how often libbuddy takes one, read from its own statistics.

Extra runs with stats_print:true, one per workload of small objects. The only
lock on the way of an object is a zone's, whose holds zone_lock counts.
"""

import json

from . import peers as allocators
from .jobs import JobError, Workload

MOST_PER_OPERATION = 1 / 200
COUNTED = ("loop", "burst", "replace", "handoff", "larson", "trees",
           "symbols", "bignum", "queue", "lists", "strings", "ring")


def total(text):
    """Holds of a lock, from what libbuddy printed at exit."""
    return sum(
        int(line.split()[1])
        for line in text.splitlines()
        if line.startswith("zone_lock ")
    )


def count(bench, jobs, peers):
    """{job: holds of a lock per operation} under libbuddy."""
    ours = next((p for p in peers if p.name == allocators.OURS), None)
    found = {}
    for job in jobs:
        if ours is None or not isinstance(job, Workload):
            continue
        if job.program not in COUNTED:
            continue
        try:
            _, text = bench.measured(
                job.command(bench), ours,
                environment={"BUDDY_CONF": "stats_print:true"},
            )
        except JobError:
            continue  # the timed runs have reported it
        holds = total(bench.complaints)
        if holds:
            found[job.name] = holds / json.loads(text)["operations"]
    return found


def lines(found):
    """Lines of the race's summary."""
    if not found:
        return []
    over = {job: rate for job, rate in found.items()
            if rate > MOST_PER_OPERATION}
    reached = "not yet" if over else "reached"
    most = max(found, key=found.get)
    return [
        f"locks per operation: {reached}; {len(found) - len(over)} of "
        f"{len(found)} rows at most 1/{1 / MOST_PER_OPERATION:.0f}, most is "
        f"1/{1 / found[most]:.0f} in {most}",
        *(f"    {job} 1/{1 / over[job]:.0f}"
          for job in sorted(over, key=over.get, reverse=True)),
    ]
