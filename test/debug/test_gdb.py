"""preload/gdb.py, on a live process and on its core file."""

import os
import resource
import sys

import debug

SCRIPT = os.path.join(debug.ROOT, "preload", "gdb.py")
COMMANDS = ["buddy zones", "buddy slabs", "buddy threads", "buddy page used",
            "buddy page freed", "buddy page freed+5", "buddy page large+70000",
            "buddy page &used"]
EXPECTED = [
    # zones
    r"zone 0 at 0x\w+00000000: \d+ pages online of 65536, \d+ free",
    r"free blocks by order:( \d+){15}", r"lock: free",
    # slabs: two objects were had, one of them was freed
    r"kmalloc-112 +112 +1 +585 +\d+ +\d+ +1\b", r"thread_cache +4096 ",
    r"bystanders +160 ",
    # threads
    r"cache at 0x\w+, live of thread \d+: \d+ objects in magazines",
    # addresses
    r"slab: cache kmalloc-112, \d+ of 585 objects of 112 bytes free",
    r"object 0 at 0x\w+0000, 0 bytes into it: in use",
    r"object 1 at 0x\w+0070, 0 bytes into it: free, in a magazine of",
    r"object 1 at 0x\w+0070, 5 bytes into it: free, in a magazine of",
    r"run: 80 pages from 0x\w+0000,", r": none\n",
]


class Gdb(debug.Case):
    """The printed texts."""

    def setUp(self):
        super().setUp()
        self.need("gdb")

    def gdb(self, before, arguments):
        """What the script prints there."""
        command = ["gdb", "-nx", "-batch", "-iex", "set debuginfod enabled off"]
        for line in before:
            command += ["-ex", line]
        command += ["-x", SCRIPT]
        for line in COMMANDS:
            command += ["-ex", line]
        done = self.run_command(command + arguments, preload=False)
        return done.stdout

    def check(self, text):
        """All that is expected is there."""
        for pattern in EXPECTED:
            self.assertRegex(text, pattern)
        self.assertNotIn("Python Exception", text)
        self.assertNotIn("Error", text)

    def test_live(self):
        self.check(self.gdb(
            [f"set environment LD_PRELOAD {self.library}",
             "set startup-with-shell off", "run abort"], [self.victim]))

    def test_core(self):
        resource.setrlimit(resource.RLIMIT_CORE, resource.getrlimit(
            resource.RLIMIT_CORE)[1:] * 2)
        self.run_command([self.victim, "abort"])
        cores = [name for name in os.listdir(self.folder)
                 if name.startswith("core")]
        if not cores:
            self.skipTest("the system writes no core file here")
        core = os.path.join(self.folder, cores[0])
        # The zone's 4 GiB of addresses are not in it.
        self.assertLess(os.stat(core).st_blocks * 512, 64 << 20)
        self.check(self.gdb([], [self.victim, core]))

    def test_without_the_library(self):
        text = self.gdb(["set startup-with-shell off", "run abort"],
                        [self.victim])
        self.assertIn("buddy: no variable zones", text)
        self.assertNotIn("Traceback", text)

    def test_usage(self):
        done = self.run_command(
            ["gdb", "-nx", "-batch", "-x", SCRIPT, "-ex", "buddy nonsense"],
            preload=False)
        self.assertIn("usage: buddy zones", done.stdout)


if __name__ == "__main__":
    debug.main(sys.modules[__name__])
