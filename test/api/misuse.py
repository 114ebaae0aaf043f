#!/usr/bin/env python3
"""Misuse of the heap: each kind is reported in one readable block on fd 2,
and the program is aborted."""

import re
import signal
import sys
import unittest

import drive

SMALL, MEDIUM, LARGE, HUGE = 64, 20 << 10, 1 << 20, 3 << 30
SIZES = (SMALL, MEDIUM, LARGE, HUGE)



class Misuse(drive.Driver):
    """One misuse in a process of its own, then the report."""

    def misuse(self, name, kind, function, *arguments, program="misuse",
               conf=None):
        """Expects the report of a kind in a function, and SIGABRT."""
        run = self.run_on(program, name, *arguments, conf=conf)
        words = (name, *arguments)
        self.assertEqual(run.status, -signal.SIGABRT, f"{words}: {run}")
        lines = run.err.splitlines()
        self.assertTrue(lines, f"{words}: no report")
        pointer = re.escape(run.out.split()[0])
        self.assertRegex(
            lines[0], rf"^libbuddy: {kind} in {function}\({pointer}\)$",
            f"{words}: {run}")
        for line in lines[1:]:
            self.assertRegex(line, r"^  \S", f"{words}: {run}")
        return run

    def each_size(self, name, kind, function, sizes=SIZES, **more):
        """The same for blocks of each size."""
        for size in sizes:
            with self.subTest(misuse=name, size=size):
                self.misuse(name, kind, function, size, **more)


class DoubleFree(Misuse):
    """The same block given back twice."""

    def test_at_once(self):
        self.each_size("double_free", "double free", "free")

    def test_by_realloc_to_nothing(self):
        self.each_size("double_free_by_realloc",
                       "(?:double free|use after free)", "realloc", SIZES[:3])

    def test_sized(self):
        self.each_size("double_free_sized", "double free", "free_sized",
                       SIZES[:3])

    def test_delayed(self):
        self.each_size("double_free_delayed", "double free", "free",
                       (SMALL, 1000, MEDIUM, LARGE), conf="check:full")
        self.misuse("double_free_delayed", "double free", "free", LARGE)

    def test_by_another_thread(self):
        self.each_size("double_free_by_another_thread", "double free",
                       "free", SIZES[:3], conf="check:full")
        self.misuse("double_free_by_another_thread", "double free", "free",
                    LARGE)

    def test_after_a_thread_that_is_gone(self):
        self.each_size("double_free_after_a_thread", "double free", "free",
                       SIZES[:3], conf="check:full")
        self.misuse("double_free_after_a_thread", "double free", "free",
                    LARGE)

    def test_realloc_of_freed(self):
        self.each_size("realloc_of_freed", "use after free", "realloc")

    def test_when_the_magazine_is_emptied(self):
        """What the default finds late: no block freed twice stays unseen."""
        for name in ("until_trim", "until_exit", "in_two_threads"):
            self.each_size(f"double_free_{name}", "double free", "free",
                           (16, SMALL, 1000, MEDIUM, 200 << 10))

    def test_when_its_pages_are_free(self):
        self.each_size("double_free_of_what_is_gone", "double free", "free",
                       (SMALL, 1000, MEDIUM, LARGE))
        self.each_size("realloc_of_what_is_gone", "use after free", "realloc")


class Interior(Misuse):
    """Pointers into a live block, past its start."""

    OFFSETS = (1, 8, 16, 4096, 65536)

    def each_offset(self, name, function):
        """Each offset that lies within the block, for each size."""
        for size in SIZES:
            for offset in self.OFFSETS:
                if offset >= size:
                    continue
                with self.subTest(size=size, offset=offset):
                    self.misuse(name, "interior pointer", function, size,
                                offset)

    def test_free(self):
        self.each_offset("interior_free", "free")

    def test_realloc(self):
        self.each_offset("interior_realloc", "realloc")

    def test_usable_size(self):
        self.each_offset("interior_usable_size", "malloc_usable_size")

    def test_free_sized(self):
        self.each_offset("interior_free_sized", "free_sized")


class Foreign(Misuse):
    """Pointers that no allocation ever returned."""

    def test_free(self):
        for where in ("stack", "static", "small_number", "not_canonical",
                      "all_ones", "mapped", "code", "library_data"):
            with self.subTest(where=where):
                self.misuse(f"foreign_{where}", "foreign pointer", "free")

    def test_others(self):
        for name, function in (("realloc", "realloc"),
                               ("usable_size", "malloc_usable_size"),
                               ("free_sized", "free_sized")):
            with self.subTest(function=function):
                self.misuse(f"foreign_{name}", "foreign pointer", function)

    def test_own_metadata(self):
        self.misuse("foreign_metadata", r"(?:foreign|interior) pointer",
                    "free", SMALL)


class Sized(Misuse):
    """A size or an alignment that cannot have made the block."""

    def test_size(self):
        for name in ("size_too_large", "size_too_small", "size_beyond_all"):
            self.each_size(name, "wrong size", "free_sized")

    def test_size_of_aligned(self):
        self.each_size("size_of_aligned", "wrong size", "free_aligned_sized")

    def test_alignment(self):
        for name in ("alignment_beyond", "alignment_none"):
            self.each_size(name, "wrong alignment", "free_aligned_sized")


class Operators(Misuse):
    """The same through the operators of C++."""

    def cxx(self, name, kind, function):
        """Each size but the huge one."""
        self.each_size(name, kind, function, SIZES[:3],
                       program="misuse_operator")

    def test_double(self):
        self.cxx("double_delete", "double free", "operator delete")
        self.cxx("double_delete_array", "double free",
                 r"operator delete\[\]")
        self.cxx("double_delete_sized", "double free", "operator delete")

    def test_size(self):
        self.cxx("delete_wrong_size", "wrong size", "operator delete")
        self.cxx("delete_array_wrong_size", "wrong size",
                 r"operator delete\[\]")

    def test_alignment(self):
        self.cxx("delete_wrong_alignment", "wrong alignment",
                 "operator delete")

    def test_pointer(self):
        self.cxx("delete_foreign", "foreign pointer", "operator delete")
        self.cxx("delete_interior", "interior pointer", "operator delete")


class Death(drive.Driver):
    """How the process ends."""

    def test_no_misuse_is_not_reported(self):
        for size in SIZES:
            for conf in (None, "check:full"):
                run = self.run_on("misuse", "no_misuse", size, conf=conf)
                self.assertEqual((run.status, run.err), (0, ""), run)

    def test_a_handler_of_sigabrt_may_allocate(self):
        for size in SIZES[:3]:
            run = self.run_on("misuse", "reported_to_a_handler", size)
            self.assertEqual(run.status, 3, run)
            self.assertIn("the reporter allocated", run.out)
            self.assertIn("libbuddy: double free in free(", run.err)

    def test_without_stderr(self):
        run = self.run_on("misuse", "reported_without_stderr", SMALL)
        self.assertEqual(run.status, -signal.SIGABRT, run)

    def test_with_all_signals_blocked(self):
        run = self.run_on("misuse", "reported_with_sigabrt_blocked", SMALL)
        self.assertEqual(run.status, -signal.SIGABRT, run)
        self.assertIn("libbuddy: double free in free(", run.err)


if __name__ == "__main__":
    unittest.TestCase.maxDiff = None
    drive.main(sys.modules[__name__])
