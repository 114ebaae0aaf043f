"""results.json: what a run found, with all that is needed to repeat it."""

import json
import mmap
import os
import platform
import re
import subprocess
import time

from . import build
from . import spread


def _processor():
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith(("model name", "CPU part")):
                return line.partition(":")[2].strip()
    return platform.machine()


def _huge_pages():
    """The system's policy for transparent huge pages."""
    path = "/sys/kernel/mm/transparent_hugepage/enabled"
    try:
        with open(path, encoding="ascii") as file:
            found = re.search(r"\[(\w+)\]", file.read())
    except OSError:
        found = None
    return found.group(1) if found else "none"


def _nanoseconds(repeat, times=5):
    """The least that one of `repeat`'s steps took; it returns how many."""
    best = None
    for _ in range(times):
        begin = time.perf_counter_ns()
        steps = repeat()
        took = (time.perf_counter_ns() - begin) / steps
        best = took if best is None else min(best, took)
    return round(best)


def _system_calls():
    for _ in range(10000):
        os.getppid()
    return 10000


def _page_faults():
    size = 16 << 20
    with mmap.mmap(-1, size) as memory:
        if hasattr(mmap, "MADV_NOHUGEPAGE"):
            memory.madvise(mmap.MADV_NOHUGEPAGE)
        for at in range(0, size, mmap.PAGESIZE):
            memory[at] = 1
    return size // mmap.PAGESIZE


def _commit():
    done = subprocess.run(
        ["git", "-C", build.ROOT, "describe", "--always", "--dirty"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()


def _summary(by_peer):
    found = {}
    for name, samples in by_peer.items():
        low, middle, high = spread.quartiles(samples)
        found[name] = {
            "median": middle,
            "quartiles": [low, high],
            "samples": samples,
        }
    return found


def document(results, peers, rounds, bench, extra):
    """The whole as plain data."""
    return {
        "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "commit": _commit(),
        "machine": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "kernel": platform.release(),
            "libc": " ".join(platform.libc_ver()),
            "huge_pages": _huge_pages(),
            "system_call_ns": _nanoseconds(_system_calls),
            "page_fault_ns": _nanoseconds(_page_faults),
        },
        "rounds": rounds,
        "seed": bench.seed,
        "quick": bench.quick,
        "clock": bench.clock,
        "allocators": {
            peer.name: os.path.basename(os.path.realpath(peer.path))
            for peer in peers
        },
        "time": {
            row: {
                "unit": results.units[row],
                "group": results.groups[row],
                "allocators": _summary(by_peer),
            }
            for row, by_peer in results.times.items()
        },
        "peak_kb": {
            job: {
                "group": results.groups[job],
                "allocators": _summary(by_peer),
            }
            for job, by_peer in results.rss.items()
        },
        "more": results.more,
        **extra,
        "failures": results.failures,
        "differing": results.differing(),
    }


def read(path):
    """The content of the file."""
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def write(path, content):
    """Writes the file."""
    with open(path, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.write("\n")
