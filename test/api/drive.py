"""What the drivers share: running a program on libbuddy, and judging it."""

import argparse
import os
import subprocess
import sys
import unittest


class Run:
    """A finished run: its status, and what it wrote."""

    def __init__(self, command, env, **how):
        done = subprocess.run(command, env=env, timeout=120,
                              stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False, **how)
        self.status = done.returncode
        self.out = done.stdout.decode(errors="replace")
        self.err = done.stderr.decode(errors="replace")

    def __str__(self):
        return (f"status {self.status}\n--- stdout\n{self.out[:2000]}"
                f"\n--- stderr\n{self.err[:4000]}")


class Driver(unittest.TestCase):
    """A test case that knows how its programs get to libbuddy."""

    settings = argparse.Namespace(preload=None, programs=[])

    @classmethod
    def program(cls, name):
        """The path of the program whose file is called so, or starts so."""
        for path in cls.settings.programs:
            if os.path.basename(path) in (name, name + "_linked",
                                          name + "_static"):
                return path
        raise unittest.SkipTest(f"no {name} in this way of linking")

    @classmethod
    def environment(cls, conf=None, **more):
        """The environment of a run, with BUDDY_CONF and more."""
        env = {key: value for key, value in os.environ.items()
               if key not in ("LD_PRELOAD", "BUDDY_CONF")}
        if cls.settings.preload:
            env["LD_PRELOAD"] = cls.settings.preload
        if conf is not None:
            env["BUDDY_CONF"] = conf
        env.update(more)
        return env

    def run_on(self, name, *arguments, conf=None, **more):
        """Runs a program of the test, with libbuddy."""
        command = [self.program(name), *map(str, arguments)]
        return Run(command, self.environment(conf, **more))


def main(module):
    """Runs the tests of a driver; takes what ctest gives it."""
    parser = argparse.ArgumentParser(description=module.__doc__)
    parser.add_argument("--preload", metavar="LIBRARY",
                        help="run the programs with this LD_PRELOAD")
    parser.add_argument("--only", metavar="PATTERN", action="append",
                        help="run the tests whose name matches")
    parser.add_argument("programs", nargs="+",
                        help="the programs that the tests run")
    Driver.settings = parser.parse_args()
    Driver.settings.programs = [os.path.abspath(path) for path
                                in Driver.settings.programs]
    loader = unittest.TestLoader()
    if Driver.settings.only:
        loader.testNamePatterns = [f"*{pattern}*" for pattern
                                   in Driver.settings.only]
    suite = loader.loadTestsFromModule(module)
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    if not result.wasSuccessful() or not result.testsRun:
        sys.exit(1)
    sys.exit(77 if len(result.skipped) == result.testsRun else 0)
