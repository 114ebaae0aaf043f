"""What the tests of debugging share."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))


class Case(unittest.TestCase):
    """A test with a folder of its own."""

    library = victim = compiler = ""

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def need(self, program):
        """The test is about this tool."""
        if not shutil.which(program):
            self.skipTest(f"{program} is not there "
                          "(preload/install-deps debug)")

    def run_command(self, command, preload=True, **variables):
        """Runs to the end; what it wrote is decoded, and in one text."""
        env = {key: value for key, value in os.environ.items()
               if key not in ("LD_PRELOAD", "BUDDY_CONF")}
        env.update(variables)
        if preload:
            env["LD_PRELOAD"] = self.library
        return subprocess.run(
            command, env=env, cwd=self.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=240,
            check=False, text=True, errors="replace")


def main(module):
    """Runs a file's tests, with what ctest gives it."""
    Case.library, Case.victim, Case.compiler = sys.argv[1:4]
    suite = unittest.defaultTestLoader.loadTestsFromModule(module)
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    if not result.wasSuccessful() or not result.testsRun:
        sys.exit(1)
    sys.exit(77 if len(result.skipped) == result.testsRun else 0)
