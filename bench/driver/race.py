"""The race: how libbuddy stands against its targets."""

from . import peers as allocators
from . import spread

# What is asked for, as ratios.
TIME_MOST, TIME_MEAN = 1.00, 0.90
MEMORY_MOST, MEMORY_MEAN = 1.05, 0.90
BASE_MOST, BASE_MEAN = 0.97, 0.80
THREADS_MOST = 1.03


def _to_best(table, ours):
    """{row: ratio of ours to the least of the others}"""
    found = {}
    for row, by_peer in table.items():
        others = [spread.median(samples) for name, samples in by_peer.items()
                  if name != ours]
        if ours in by_peer and others:
            found[row] = spread.median(by_peer[ours]) / min(others)
    return found


def _to_one(table, ours, other):
    """{row: ratio of ours to one other}"""
    return {
        row: spread.median(by_peer[ours]) / spread.median(by_peer[other])
        for row, by_peer in table.items()
        if ours in by_peer and other in by_peer
    }


def _target(title, ratios, most, mean):
    """One line of the summary and the worst rows."""
    if not ratios:
        return []
    over = {row: ratio for row, ratio in ratios.items() if ratio > most}
    got = spread.geometric_mean(ratios.values())
    reached = "reached" if not over and got <= mean else "not yet"
    lines = [
        f"{title}: {reached}; {len(ratios) - len(over)} of {len(ratios)} rows "
        f"at most {most:.2f}, geometric mean {got:.3f} (target {mean:.2f})"
    ]
    worst = sorted(over, key=over.get, reverse=True)
    lines += [f"    {row} {over[row]:.2f}" for row in worst]
    return lines


def _threads(results, ours):
    """Two threads' cost per operation against one's, for every allocator.
    Processor time adds the threads up already; the wall clock does not."""
    times, lines = results.times, []
    factor = 1 if results.clock == "cpu" else 2
    for family in ("replace-", "larson-"):
        one, two = times.get(family + "1"), times.get(family + "2")
        if not one or not two:
            continue
        cost = {
            name: factor * spread.median(two[name]) / spread.median(one[name])
            for name in one if name in two
        }
        if ours not in cost:
            continue
        reached = "reached" if cost[ours] <= THREADS_MOST else "not yet"
        lines.append(
            f"{family.rstrip('-/')}, two threads' cost per operation to one's: "
            f"{reached}; {cost[ours]:.2f}, others from "
            f"{min(v for k, v in cost.items() if k != ours):.2f}"
            if len(cost) > 1 else f"{family}: {cost[ours]:.2f}"
        )
    return lines


def summary(results, names):
    """The lines of the summary; none when libbuddy was not run."""
    ours = allocators.OURS
    if ours not in names or len(names) < 2:
        return []
    timed = {row: by_peer for row, by_peer in results.times.items()
             if results.groups[row] != "latency"}
    late = {row: by_peer for row, by_peer in results.times.items()
            if row.endswith("malloc/p99.99")}
    lines = _target("time against the fastest", _to_best(timed, ours),
                    TIME_MOST, TIME_MEAN)
    lines += _target("peak memory against the smallest",
                     _to_best(results.rss, ours), MEMORY_MOST, MEMORY_MEAN)
    if allocators.BASE in names:
        lines += _target(f"time against {allocators.BASE}",
                         _to_one(timed, ours, allocators.BASE), BASE_MOST,
                         BASE_MEAN)
    lines += _threads(results, ours)
    lines += _target("p99.99 of malloc against the least",
                     _to_best(late, ours), 1.0, 1.0)
    return lines
