"""Plots: SVG files drawn from the content of results.json."""

import os

from . import peers as allocators
from . import spread

COLOURS = {
    "libbuddy": "#d55e00",
    "glibc": "#7f7f7f",
    "jemalloc": "#0072b2",
    "mimalloc": "#009e73",
    "tcmalloc": "#cc79a7",
    "tbbmalloc": "#e69f00",
}
SPARE = ("#56b4e9", "#000000", "#8c564b", "#17becf")
MARKS = "osDv^<>P"
PARTS = {"p50": 2, "p90": 10, "p99": 100, "p99.9": 1000, "p99.99": 10000,
         "p99.999": 100000}
ROW_INCHES = 0.21


class Canvas:
    """matplotlib, the allocators' colours, and where files go."""

    def __init__(self, names, out):
        import matplotlib  # a Debian package that may be missing

        matplotlib.use("svg")
        matplotlib.rcParams.update({
            "font.size": 8, "svg.hashsalt": "bench", "axes.grid": True,
            "grid.linewidth": 0.3, "legend.frameon": False,
        })
        from matplotlib import pyplot

        self.pyplot = pyplot
        self.out = out
        spare = iter(SPARE * 4)
        self.style = {
            name: {
                "color": COLOURS.get(name) or next(spare),
                "marker": MARKS[i % len(MARKS)],
                "zorder": 4 if name == allocators.OURS else 3,
            }
            for i, name in enumerate(names)
        }

    def save(self, figure, name):
        """Writes one file and returns its path."""
        path = os.path.join(self.out, name)
        figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
        self.pyplot.close(figure)
        return path


def _ratios(table, base):
    """[(row, {allocator: (low, middle, high) relative to the base})]"""
    found = []
    for row, entry in table.items():
        by_name = entry["allocators"]
        if base not in by_name:
            continue
        unit = by_name[base]["median"]
        found.append((row, {
            name: [value / unit for value in
                   (got["quartiles"][0], got["median"], got["quartiles"][1])]
            for name, got in by_name.items()
        }))
    return found


def _dots(canvas, table, base, title, file_name):
    """A row per workload, a mark per allocator, whiskers for the spread."""
    rows = _ratios(table, base)
    if not rows:
        return None
    figure, axes = canvas.pyplot.subplots(
        figsize=(7.5, 1.2 + ROW_INCHES * len(rows))
    )
    places = range(len(rows))
    for name, style in canvas.style.items():
        got = [(place, row[1][name]) for place, row in zip(places, rows)
               if name in row[1]]
        if not got:
            continue
        middles = [value[1] for _, value in got]
        axes.errorbar(
            middles, [place for place, _ in got],
            xerr=[[v[1] - v[0] for _, v in got], [v[2] - v[1] for _, v in got]],
            linestyle="none", markersize=5 if name == allocators.OURS else 3.5,
            elinewidth=0.7, label=name, **style,
        )
    axes.set_yticks(list(places), [row for row, _ in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xscale("log")
    axes.set_xticks([0.1, 0.2, 0.5, 1, 2, 5, 10],
                    ["0.1", "0.2", "0.5", "1", "2", "5", "10"])
    axes.minorticks_off()
    axes.axvline(1.0, color=canvas.style[base]["color"], linewidth=0.8)
    axes.set_xlabel(f"{title}, relative to {base} (less is better)")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncol=6)
    return canvas.save(figure, file_name)


def _families(times, wanted):
    """{family: {allocator: [(threads, operations per microsecond)]}}"""
    found = {}
    for row, entry in times.items():
        family, _, threads = row.replace("/", "-").rpartition("-")
        if family not in wanted or not threads.isdigit():
            continue
        for name, got in entry["allocators"].items():
            found.setdefault(family, {}).setdefault(name, []).append(
                (int(threads), 1000 / got["median"])
            )
    return found


def _scaling(canvas, times):
    """Throughput over threads."""
    families = _families(times, ("replace", "larson", "queue"))
    if not families:
        return None
    figure, all_axes = canvas.pyplot.subplots(
        1, len(families), figsize=(3.2 * len(families), 2.8), squeeze=False
    )
    for axes, (family, by_name) in zip(all_axes[0], families.items()):
        for name, points in by_name.items():
            axes.plot(*zip(*sorted(points)), label=name, markersize=3.5,
                      linewidth=1, **canvas.style[name])
        ticks = sorted({x for points in by_name.values() for x, _ in points})
        axes.set_xscale("log", base=2)
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.set_ylim(bottom=0)
        axes.set_title(family)
        axes.set_xlabel("threads")
    all_axes[0][0].set_ylabel("operations per microsecond, all threads")
    all_axes[0][-1].legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return canvas.save(figure, "scaling.svg")


def _latency(canvas, more):
    """Percentiles of malloc and free."""
    job = next((name for name in ("latency-1", "latency-2") if name in more),
               None)
    if job is None:
        return None
    figure, all_axes = canvas.pyplot.subplots(
        1, 2, figsize=(7.5, 3), sharey=True
    )
    for axes, call in zip(all_axes, ("malloc", "free")):
        for name, line in more[job].items():
            axes.plot(list(PARTS.values()),
                      [line[call][point] for point in PARTS],
                      label=name, markersize=3.5, linewidth=1,
                      **canvas.style[name])
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xticks(list(PARTS.values()), list(PARTS), rotation=45)
        axes.minorticks_off()
        axes.set_title(call)
    all_axes[0].set_ylabel("nanoseconds of one call")
    all_axes[1].legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return canvas.save(figure, "latency.svg")


def _memory_over_time(canvas, traces):
    """The resident set while a program runs."""
    if not traces:
        return None
    figure, all_axes = canvas.pyplot.subplots(
        1, len(traces), figsize=(4 * len(traces), 3), squeeze=False
    )
    for axes, (job, by_name) in zip(all_axes[0], traces.items()):
        for name, samples in by_name.items():
            axes.plot([at for at, _ in samples],
                      [kb / 1024 for _, kb in samples], label=name,
                      linewidth=1, color=canvas.style[name]["color"])
        axes.set_title(job)
        axes.set_xlabel("seconds")
        axes.set_ylim(bottom=0)
    all_axes[0][0].set_ylabel("resident MiB")
    all_axes[0][-1].legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return canvas.save(figure, "rss_over_time.svg")


def _with_means(table):
    """The table with a row for the geometric mean of every family of
    micro-benchmarks instead of its rows."""
    rows, families = {}, {}
    for row, entry in table.items():
        if entry["group"] == "micro":
            families.setdefault(row.partition("/")[0], []).append(entry)
        elif entry["group"] != "latency":
            rows[row] = entry
    for family, entries in families.items():
        means = {}
        for name in entries[0]["allocators"]:
            got = [e["allocators"][name] for e in entries
                   if name in e["allocators"]]
            means[name] = {
                "median": spread.geometric_mean(g["median"] for g in got),
                "quartiles": [
                    spread.geometric_mean(g["quartiles"][i] for g in got)
                    for i in (0, 1)
                ],
            }
        rows[f"micro: {family}"] = {"allocators": means}
    return rows


def draw(document, out):
    """Draws what the results allow; returns the files' paths."""
    names = list(document["allocators"])
    base = allocators.BASE if allocators.BASE in names else names[0]
    canvas = Canvas(names, out)
    micro = {row: entry for row, entry in document["time"].items()
             if entry["group"] == "micro"}
    files = (
        _dots(canvas, _with_means(document["time"]), base, "time", "time.svg"),
        _dots(canvas, micro, base, "time", "time-micro.svg"),
        _dots(canvas, document["peak_kb"], base, "peak memory", "rss.svg"),
        _scaling(canvas, document["time"]),
        _latency(canvas, document["more"]),
        _memory_over_time(canvas, document["traces"]),
    )
    return [path for path in files if path]
