"""Medians and their spread, and what may be concluded from them."""

import math
import statistics


def quartiles(samples):
    """First quartile, median, third quartile."""
    if len(samples) == 1:
        return samples[0], samples[0], samples[0]
    low, middle, high = statistics.quantiles(samples, n=4, method="inclusive")
    return low, middle, high


def median(samples):
    """The median."""
    return statistics.median(samples)


def relative(samples):
    """Half the distance of the quartiles, as a part of the median."""
    low, middle, high = quartiles(samples)
    return (high - low) / 2 / middle if middle else 0.0


def paired(samples, others):
    """Quartiles of samples/others taken round by round. The allocators take
    turns within a round, so that what slows a round down slows both."""
    ratios = [a / b for a, b in zip(samples, others) if b > 0]
    return quartiles(ratios) if ratios else None


def verdict(samples, others):
    """'less', 'more', or 'same' when the spread swallows the difference;
    'once' when there is no spread, after a single round."""
    found = paired(samples, others)
    if len(samples) == 1 or found is None:
        return "once"
    low, _, high = found
    if low <= 1.0 <= high:
        return "same"
    return "less" if high < 1.0 else "more"


def geometric_mean(ratios):
    """Of positive numbers; None when there are none."""
    logs = [math.log(ratio) for ratio in ratios if ratio > 0]
    return math.exp(sum(logs) / len(logs)) if logs else None
