"""BUDDY_CONF=segv_report:true, under a program that was never told."""

import re
import signal
import sys

import debug


class Fault(debug.Case):
    """A read of a huge block that was freed."""

    def test_with_the_option(self):
        done = self.run_command([self.victim, "fault"],
                                BUDDY_CONF="segv_report:true")
        self.assertEqual(done.returncode, -signal.SIGSEGV, done.stdout)
        self.assertTrue(re.search(
            r"libbuddy: SIGSEGV at 0x\w+ in thread \d+\n"
            r"  page  none: a huge run that was freed began", done.stdout),
            done.stdout)

    def test_without_it(self):
        done = self.run_command([self.victim, "fault"])
        self.assertEqual(done.returncode, -signal.SIGSEGV)
        self.assertNotIn("libbuddy", done.stdout)

    def test_the_place_is_seen_in_gdb(self):
        self.need("gdb")
        done = self.run_command(
            ["gdb", "-nx", "-batch", "-iex", "set debuginfod enabled off",
             "-ex", f"set environment LD_PRELOAD {self.library}",
             "-ex", "set environment BUDDY_CONF segv_report:true",
             "-ex", "set startup-with-shell off",
             # gdb stops at the signal, then in our handler.
             "-ex", "set breakpoint pending on",
             "-ex", "break report_fault", "-ex", "run fault", "-ex", "continue",
             "-ex", "backtrace", self.victim], preload=False)
        # From the report through the signal's frame to the program.
        self.assertRegex(done.stdout, r"(?s)report_fault.*<signal handler "
                         r"called>.* end \(.*main \(")


if __name__ == "__main__":
    debug.main(sys.modules[__name__])
