#!/usr/bin/env python3
"""The hardened mode: each option reports what it is there for, and programs
that do nothing wrong run as ever."""

import re
import shutil
import signal
import sys
import unittest

import drive

SIZES = (1, 16, 24, 100, 1000, 5000, 20 << 10, 300 << 10)
SMALL = SIZES[:6]
NO_SAMPLES = "harden:full,sample:0"
OPTIONS = ("harden:full", "canary:true", "zero:true", "poison:true",
           "quarantine:true", "random:true", "guard:true", "sample:1",
           "sample:50", "harden:full,sample:1", "harden:full,junk:true")


class Crimes(drive.Driver):
    """One crime in a process of its own, then the report."""

    def caught(self, name, kind, function, size, conf):
        """Expects the report of a kind in a function, and SIGABRT."""
        run = self.run_on("harden", name, size, conf=conf)
        self.assertEqual(run.status, -signal.SIGABRT, run)
        pointer = re.escape(run.out.split()[0])
        lines = run.err.splitlines()
        self.assertRegex(
            lines[0], rf"^libbuddy: {kind} in {function}\({pointer}\)$", run)
        for line in lines[1:]:
            self.assertRegex(line, r"^  \S", run)
        return run

    def each(self, name, kind, function, sizes, confs):
        """The same for each size and each of some options."""
        for conf in confs:
            for size in sizes:
                with self.subTest(crime=name, size=size, conf=conf):
                    self.caught(name, kind, function, size, conf)

    def faults(self, name, size, conf):
        """Expects that the machine refuses."""
        with self.subTest(crime=name, size=size, conf=conf):
            run = self.run_on("harden", name, size, conf=conf)
            self.assertEqual(run.status, -signal.SIGSEGV, run)

    def test_overflow(self):
        for name, function in (("overflow_by_one", "free"),
                               ("overflow_by_a_nul", "realloc"),
                               ("overflow_of_calloc", "free"),
                               ("overflow_of_aligned", "free_aligned_sized")):
            self.each(name, "write past the end", function, SIZES,
                      ("canary:true", NO_SAMPLES))

    def test_the_report_tells_where(self):
        run = self.caught("overflow_by_one", "write past the end", "free",
                          100, "canary:true")
        self.assertIn("\n  block 100 bytes; the first byte that was changed "
                      "is number 100\n", run.err)

    def test_overflow_of_a_large_block_faults(self):
        for conf in ("guard:true", "harden:full"):
            self.faults("overflow_far", 300 << 10, conf)
            self.faults("overflow_far", 5 << 20, conf)

    def test_overflow_of_a_sample(self):
        for size in (16, 64, 4096, 16384):
            self.faults("overflow_by_one", size, "sample:1")
        for size in (1, 17, 100, 1001):
            self.caught("overflow_by_one", "write past the end", "free", size,
                        "sample:1")

    def test_write_after_free(self):
        self.each("write_after_free", "write after free", "(?:malloc|free)",
                  (16, 100, 1000), ("poison:true", "poison:true,zero:true",
                                    "poison:true,quarantine:true",
                                    NO_SAMPLES))

    def test_use_of_a_freed_sample_faults(self):
        for size in (1, 100, 5000):
            self.faults("read_after_free", size, "sample:1")
            self.faults("write_after_free", size, "sample:1")

    def test_use_of_a_freed_large_block_faults(self):
        self.faults("read_after_free", 300 << 10, "quarantine:true")
        self.faults("read_after_free", 300 << 10, "harden:full")

    def test_what_is_freed_is_gone(self):
        for conf in ("zero:true", "poison:true"):
            for size in SMALL:
                run = self.run_on("harden", "read_after_free", size, conf=conf)
                self.assertEqual(run.status, 0, run)

    def test_double_free(self):
        self.each("double_free_delayed", "double free", "free", SIZES,
                  ("quarantine:true", "harden:full"))
        self.each("double_free_delayed", "double free", "free", SMALL,
                  ("sample:1",))

    def test_use_of_freed(self):
        self.each("use_of_freed", "use after free", "malloc_usable_size",
                  SIZES, ("quarantine:true", "harden:full"))
        self.each("use_of_freed", "use after free", "malloc_usable_size",
                  SMALL, ("sample:1",))

    def test_wrong_size(self):
        # A size of 0 is as good as 1.
        self.each("wrong_size", "wrong size", "free_sized", SIZES[1:],
                  ("canary:true", "harden:full", "sample:1,canary:true"))

    def test_usable_size(self):
        for conf in OPTIONS:
            with self.subTest(conf=conf):
                run = self.run_on("harden", "all_that_is_usable", conf=conf)
                self.assertEqual((run.status, run.err), (0, ""), run)


class Clean(drive.Driver):
    """Programs that do nothing wrong."""

    def same(self, command, **more):
        """The same output and status with each option."""
        want = drive.Run(command, self.environment(), **more)
        for conf in OPTIONS:
            with self.subTest(conf=conf):
                run = drive.Run(command, self.environment(
                    conf + ",verify_at_exit:true"), **more)
                self.assertEqual((run.status, run.out, run.err),
                                 (want.status, want.out, want.err), run)

    def test_work(self):
        self.same([self.program("work")])

    def script(self, *command):
        """A program of the system's, when it is there."""
        if not self.settings.preload:
            self.skipTest("not linked with us")
        if not shutil.which(command[0]):
            self.skipTest(f"no {command[0]}")
        self.same(list(command))

    def test_python(self):
        self.script("python3", "-c",
                    "import json; d = {str(i): [i] * 9 for i in range(3000)};"
                    "print(len(json.dumps(d)), sum(map(len, d.values())))")

    def test_perl(self):
        self.script("perl", "-e",
                    "for (1..9000) { $h{$_} .= 'x' x ($_ % 700) }"
                    "print length join '', map $h{$_}, sort keys %h")

    def test_sqlite(self):
        self.script("sqlite3", ":memory:",
                    "with recursive n(i) as (select 1 union all select i + 1 "
                    "from n where i < 9000) select count(*), sum(length("
                    "hex(i * i))) from n group by i % 7;")

    def test_forks(self):
        self.script("bash", "-c",
                    "for i in 1 2 3 4 5; do x=$(echo $i | tr 1 2); "
                    "(echo $x) & wait; done")


if __name__ == "__main__":
    unittest.TestCase.maxDiff = None
    drive.main(sys.modules[__name__])
