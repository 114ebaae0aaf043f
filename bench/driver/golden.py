"""The golden file: instructions per operation, by case and function."""

import platform
import re
import subprocess

TOTAL = "total"
HEADER = """\
# Instructions per operation, by case and function of the library, as counted
# by callgrind. Written by bench/instructions --update; compared by --check.
"""


def builder(library):
    """What built a library: counts of another compiler do not compare."""
    done = subprocess.run(
        ["readelf", "-p", ".comment", library],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    found = re.search(r"(GCC|clang)\D*(\d+)", done.stdout)
    name = f"{found[1].lower()}-{found[2]}" if found else "unknown"
    return f"{name} {platform.machine()}"


def write(path, counts, built_by):
    """counts: {case: {function: instructions}}, with a TOTAL each."""
    with open(path, "w", encoding="ascii") as file:
        file.write(f"{HEADER}built-by {built_by}\n")
        for case, functions in counts.items():
            for function, count in functions.items():
                file.write(f"{case} {function} {count:.2f}\n")


def read(path):
    """(counts, what built the library)."""
    counts, built_by = {}, ""
    with open(path, encoding="ascii") as file:
        for line in file:
            if line.startswith("built-by "):
                built_by = line.partition(" ")[2].strip()
            elif line.strip() and not line.startswith("#"):
                case, _, rest = line.partition(" ")
                function, _, count = rest.rpartition(" ")
                counts.setdefault(case, {})[function] = float(count)
    return counts, built_by


def _differs(old, new, tolerance):
    return abs(new - old) > max(0.01, tolerance * max(old, new)) + 1e-9


def _line(indent, name, old, new):
    return (
        f"{' ' * indent}{name:{34 - indent}}{old:10.2f} -> {new:10.2f}"
        f"  {new - old:+.2f}"
    )


def explain(old, new, tolerance):
    """Lines that say what changed: a case, then the functions that did it.
    None when nothing did."""
    lines = []
    for case in {**old, **new}:
        before, after = old.get(case), new.get(case)
        if before is None or after is None:
            lines.append(f"{case}: {'new' if before is None else 'gone'}")
            continue
        if not _differs(before[TOTAL], after[TOTAL], tolerance):
            continue
        lines.append(_line(0, case, before[TOTAL], after[TOTAL]))
        changed = [
            (name, before.get(name, 0.0), after.get(name, 0.0))
            for name in {**before, **after}
            if name != TOTAL
        ]
        changed.sort(key=lambda item: -abs(item[2] - item[1]))
        lines += [
            _line(4, name, was, now)
            for name, was, now in changed
            if _differs(was, now, 0.0)
        ]
    return lines
