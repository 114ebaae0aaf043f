#!/usr/bin/env python3
"""Checks that what every program needs of a built libbuddy.so.1 lies in the
first 64 KiB of the file, as preload/libbuddy.ld promises: Linux maps so much at
one page fault."""

import argparse
import pathlib
import sys

from exports import readelf

FIRST = 64 << 10
# The hot paths, what they call, and what runs at the beginning and the end.
FUNCTIONS = (
    "malloc", "free", "heap_malloc_slow", "heap_malloc_medium",
    "heap_free_slow", "heap_free_checked", "heap_calloc", "heap_realloc",
    "heap_posix_memalign", "magazine_alloc_slow", "magazine_free_slow",
    "kmem_cache_alloc_bulk", "kmem_cache_free_bulk", "alloc_pages",
    "thread_cache_enter", "thread_cache_leave", "thread_exits",
    "tags_fill_hot", "options_init", "_init", "_fini",
)
SECTIONS = (".rela.dyn", ".dynsym", ".rodata.early")


def ends(path):
    """Where each function and section ends, in bytes from the first."""
    found = {}
    for line in readelf("--syms", path).splitlines():
        # Num: Value Size Type Bind Vis Ndx Name
        fields = line.split()
        if len(fields) == 8 and fields[3] == "FUNC" and fields[6] != "UND":
            found[fields[7]] = int(fields[1], 16) + int(fields[2], 0)
    for line in readelf("--sections", path).splitlines():
        fields = line.partition("]")[2].split()
        if len(fields) > 5 and fields[0].startswith("."):
            found[fields[0]] = int(fields[2], 16) + int(fields[4], 16)
    return found


def main():
    """Prints what lies elsewhere."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", type=pathlib.Path)
    path = parser.parse_args().library
    found = ends(path)
    problems = [f"no {name}" for name in FUNCTIONS + SECTIONS
                if name not in found]
    problems += [f"{name} ends at {found[name]:#x}, behind {FIRST:#x}"
                 for name in FUNCTIONS + SECTIONS
                 if found.get(name, 0) > FIRST]
    for problem in problems:
        print(f"{path.name}: {problem}")
    print(f"layout: {len(FUNCTIONS + SECTIONS)} names, "
          f"{len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
