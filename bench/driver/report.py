"""The report on the terminal: tables, verdicts, and the race's summary."""

from . import peers as allocators
from . import locks, race, spread

NAME_WIDTH = 24
CELL_WIDTH = 11


def base_of(names):
    """The allocator that the others are shown relative to."""
    return allocators.BASE if allocators.BASE in names else names[0]


def _ours(names):
    """The allocator that is judged: libbuddy, or B of A and B."""
    if allocators.OURS in names:
        return allocators.OURS
    return names[1] if names == allocators.PAIR else None


def _number(value):
    """Four significant digits, without an exponent."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{3 if value < 1 else 2 if value < 10 else 1}f}"


def _cell(samples, base):
    """A ratio to the base with its own spread in per cent."""
    ratio = spread.median(samples) / spread.median(base)
    return f"{ratio:.2f} ±{spread.relative(samples) * 100:.0f}%"


def best_peer(by_peer, ours):
    """The one of the others with the least median, or None."""
    others = {
        name: spread.median(samples)
        for name, samples in by_peer.items()
        if name != ours
    }
    return min(others, key=others.get) if others else None


def judge(by_peer, ours):
    """(ratio to the best of the others, its name, 'less'/'more'/'same')."""
    best = best_peer(by_peer, ours)
    if best is None or ours not in by_peer:
        return None
    ratio = spread.median(by_peer[ours]) / spread.median(by_peer[best])
    return ratio, best, spread.verdict(by_peer[ours], by_peer[best])


WORDS = {"less": "best", "more": "behind", "same": "within spread of",
         "once": "one round;"}


def _verdict_text(found):
    if found is None:
        return ""
    ratio, best, word = found
    return f"{ratio:5.2f}  {WORDS[word]}" + (
        f" {best}" if word != "less" else ""
    )


def _table(title, rows, names, unit_of):
    """One table: the base in its unit, the others relative to it."""
    base, ours = base_of(names), _ours(names)
    others = [name for name in names if name != base]
    head = f"{title:{NAME_WIDTH}}{base:>{CELL_WIDTH + 8}}" + "".join(
        f"{name:>{CELL_WIDTH}}" for name in others
    )
    print(f"\n{head}" + (f"   {ours} to best" if ours else ""))
    for row, by_peer in rows.items():
        if base not in by_peer:
            print(f"{row:{NAME_WIDTH}}  ({base} failed)")
            continue
        samples = by_peer[base]
        value = _number(spread.median(samples))
        text = f"{value} {unit_of(row)} ±{spread.relative(samples) * 100:.0f}%"
        cells = "".join(
            f"{_cell(by_peer[name], samples):>{CELL_WIDTH}}"
            if name in by_peer
            else f"{'-':>{CELL_WIDTH}}"
            for name in others
        )
        print(
            f"{row:{NAME_WIDTH}}{text:>{CELL_WIDTH + 8}}{cells}   "
            f"{_verdict_text(judge(by_peer, ours))}".rstrip()
        )
    _mean_line(rows, base, others, ours)


def ratios_to(rows, ours, other):
    """Median of ours over median of other, by row."""
    return {
        row: spread.median(by_peer[ours]) / spread.median(by_peer[other])
        for row, by_peer in rows.items()
        if ours in by_peer and other in by_peer
    }


def ratios_to_best(rows, ours):
    """Median of ours over the least median of the others, by row."""
    found = {row: judge(by_peer, ours) for row, by_peer in rows.items()}
    return {row: judged[0] for row, judged in found.items() if judged}


def _mean_line(rows, base, others, ours):
    cells = ""
    for name in others:
        mean = spread.geometric_mean(ratios_to(rows, name, base).values())
        cells += f"{f'{mean:.2f}' if mean else '-':>{CELL_WIDTH}}"
    mean = spread.geometric_mean(ratios_to_best(rows, ours).values())
    label = f"geometric mean of {len(rows)}"
    print(
        f"{label:{NAME_WIDTH}}{'':{CELL_WIDTH + 8}}{cells}   "
        + (f"{mean:5.2f}" if mean else "")
    )


def show(results, names, holds):
    """Prints everything."""
    timed = {
        row: by_peer
        for row, by_peer in results.times.items()
        if results.groups[row] != "latency"
    }
    latency = {
        row: by_peer
        for row, by_peer in results.times.items()
        if results.groups[row] == "latency"
    }
    if timed:
        _table("time", timed, names, results.units.get)
    if latency:
        _table("latency", latency, names, results.units.get)
    if results.rss:
        _table("peak memory", results.rss, names, lambda _: "KiB")
    print(
        "\nCells are medians relative to the first column, ± half the distance"
        "\nof the quartiles. 'within spread of': the rounds do not agree on"
        " who is ahead."
    )
    lines = race.summary(results, names) + locks.lines(holds)
    if lines:
        print("\nThe race\n" + "\n".join(lines))
    for job, peer, reason in results.failures:
        print(f"FAILED {job} under {peer}: {reason}")
    for job, owners in results.differing().items():
        print(f"OUTPUT DIFFERS in {job}: first seen under {', '.join(owners)}")
