#!/usr/bin/env python3
"""The rounds of bench/run: who has a turn when, and what an interrupt or a
failing job leaves. The jobs are made up; nothing is timed."""

import contextlib
import filecmp
import io
import os
import pathlib
import sys
import tempfile
import types
import unittest
import unittest.mock

BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench"
sys.path.insert(0, str(BENCH))

# pylint: disable=wrong-import-position
from driver import copies, jobs, peers, runner  # noqa: E402

A, B = peers.Peer("A", "a.so"), peers.Peer("B", "b.so")


class Job:
    """Notes whose turn it is; `at` is the turn at which `what` is raised."""

    unit, group, most_rounds, quick_rounds = "ns/op", "workload", 1000, 2

    def __init__(self, name, turns, at=None, what=None):
        self.name, self.turns, self.at, self.what = name, turns, at, what
        self.paths = []

    def rows(self):
        """A job of one row."""
        return [self.name]

    def run(self, _bench, peer):
        """One turn."""
        self.turns.append((self.name, peer.name))
        self.paths.append(peer.path)
        if len(self.turns) == self.at:
            raise self.what
        return jobs.Outcome({self.name: len(self.turns)}, 100)


def copied(them, turn):
    """Stands for Bench.fresh_copies()."""
    return {peer.name: peers.Peer(peer.name, f"{turn}/{peer.path}")
            for peer in them}


def take(rounds, at=None, what=None, quick=False):
    """(results, turns taken) of two jobs under two allocators."""
    turns = []
    made = [Job(name, turns, at, what) for name in ("x", "y")]
    bench = types.SimpleNamespace(
        clock="wall",
        quick=quick,
        fresh_copies=copied,
    )
    return runner.run(bench, made, [A, B], rounds), turns


class Copies(unittest.TestCase):
    """What copies.fresh() promises."""

    def test_each_round_has_its_own(self):
        """Of the same contents; those of the round before are gone."""
        [libc] = [p for p in peers.installed() if p.name == "glibc"]
        with tempfile.TemporaryDirectory() as scratch:
            first = copies.fresh([libc], scratch, 0)["glibc"].path
            self.assertTrue(filecmp.cmp(first, libc.path, shallow=False))
            second = copies.fresh([libc], scratch, 1)["glibc"].path
            self.assertNotEqual(first, second)
            self.assertTrue(filecmp.cmp(second, libc.path, shallow=False))
            self.assertFalse(os.path.exists(first))

    def test_one_that_cannot_be_preloaded_stays_where_it_is(self):
        """As when it looks for others in its own folder."""
        with tempfile.TemporaryDirectory() as scratch:
            path = os.path.join(scratch, "no-library")
            pathlib.Path(path).write_text("text", encoding="ascii")
            found = copies.fresh([peers.Peer("A", path)], scratch, 0)
            self.assertEqual(found["A"].path, path)


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

    def test_a_round_has_its_copies(self):
        """And all of its jobs the same."""
        job = Job("x", [])
        bench = types.SimpleNamespace(
            clock="wall", quick=False, fresh_copies=copied)
        runner.run(bench, [job], [A, B], 2)
        self.assertEqual(job.paths, ["0/a.so", "0/b.so", "1/b.so", "1/a.so"])

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


class Progress(unittest.TestCase):
    """What a user sees of a run that goes on."""

    def test_a_log_has_a_line_each_minute(self):
        """Where there is no terminal."""
        times = iter([0, 0, 30, 59, 61, 90, 121])
        with contextlib.redirect_stderr(io.StringIO()) as log, \
                unittest.mock.patch("time.monotonic", lambda: next(times)):
            progress = runner.Progress(7)
            for text in "abcdef":
                progress.step(text)
            progress.end()
        self.assertEqual(log.getvalue().splitlines(), [
            "bench: [4/7] d  61 s gone, about 81 s left",
            "bench: [6/7] f  121 s gone, about 48 s left",
        ])


if __name__ == "__main__":
    unittest.main()
