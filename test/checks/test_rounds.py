#!/usr/bin/env python3
"""The rounds of bench/run: who has a turn when, and what an interrupt or a
failing job leaves. The jobs are made up; nothing is timed."""

import pathlib
import sys
import types
import unittest

BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench"
sys.path.insert(0, str(BENCH))

# pylint: disable=wrong-import-position
from driver import jobs, peers, runner  # noqa: E402

A, B = peers.Peer("A", "a.so"), peers.Peer("B", "b.so")


class Job:
    """Notes whose turn it is; `at` is the turn at which `what` is raised."""

    unit, group, most_rounds, quick_rounds = "ns/op", "workload", 1000, 2

    def __init__(self, name, turns, at=None, what=None):
        self.name, self.turns, self.at, self.what = name, turns, at, what

    def rows(self):
        """A job of one row."""
        return [self.name]

    def run(self, _bench, peer):
        """One turn."""
        self.turns.append((self.name, peer.name))
        if len(self.turns) == self.at:
            raise self.what
        return jobs.Outcome({self.name: len(self.turns)}, 100)


def take(rounds, at=None, what=None, quick=False):
    """(results, turns taken) of two jobs under two allocators."""
    turns = []
    made = [Job(name, turns, at, what) for name in ("x", "y")]
    bench = types.SimpleNamespace(clock="wall", quick=quick)
    return runner.run(bench, made, [A, B], rounds), turns


class Rounds(unittest.TestCase):
    """What runner.run() promises."""

    def test_allocators_take_turns(self):
        """Another one begins at each job and in each round."""
        results, turns = take(2)
        self.assertEqual(turns, [
            ("x", "A"), ("x", "B"), ("y", "B"), ("y", "A"),
            ("x", "B"), ("x", "A"), ("y", "A"), ("y", "B"),
        ])
        self.assertEqual(results.rounds, 2)
        self.assertEqual(results.times["x"], {"A": [1, 6], "B": [2, 5]})

    def test_a_quick_run_spares_what_takes_long(self):
        """Two of its three rounds, or all of another run's."""
        self.assertEqual(len(take(3, quick=True)[1]), 8)
        self.assertEqual(len(take(3)[1]), 12)

    def test_an_interrupt_leaves_what_there_is(self):
        """The third of five rounds does not come to its end."""
        results, turns = take(5, at=10, what=KeyboardInterrupt())
        self.assertEqual(len(turns), 10)
        self.assertEqual(results.rounds, 2)
        self.assertEqual(results.times["x"], {"A": [1, 6, 9], "B": [2, 5]})
        self.assertEqual(len(results.times["y"]["A"]), 2)

    def test_an_interrupt_of_the_first_round_is_one(self):
        """There is nothing to compare yet."""
        with self.assertRaises(KeyboardInterrupt):
            take(5, at=4, what=KeyboardInterrupt())

    def test_a_failing_job_has_no_row_and_no_further_turn(self):
        """The other allocator keeps its row."""
        results, turns = take(2, at=2, what=jobs.JobError("no end"))
        self.assertEqual(turns.count(("x", "B")), 1)
        self.assertEqual(list(results.times["x"]), ["A"])
        self.assertEqual(results.failures, [("x", "B", "no end")])
        self.assertEqual(results.rounds, 2)


if __name__ == "__main__":
    unittest.main()
