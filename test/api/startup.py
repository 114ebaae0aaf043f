#!/usr/bin/env python3
"""Start-up and loading: odd environments, odd descriptors, and company."""

import sys
import unittest

import drive


class Environment(drive.Driver):
    """What a process may find when it starts."""

    def expect(self, run, out=None):
        """A run that ended well and said nothing."""
        self.assertEqual((run.status, run.err), (0, ""), run)
        if out is not None:
            self.assertEqual(run.out, out)

    def bare(self, *command):
        """A command in an environment of LD_PRELOAD alone, or of nothing."""
        env = {}
        if self.settings.preload:
            env["LD_PRELOAD"] = self.settings.preload
        return drive.Run(list(command), env)

    def test_no_environment(self):
        expected = self.run_on("work").out
        self.expect(self.bare(self.program("work")), expected)

    def test_no_descriptor_is_open(self):
        work = self.program("work")
        for closed in ("2>&-", "0<&-", "0<&- 2>&-", "0<&- 1>&- 2>&-"):
            with self.subTest(closed=closed):
                script = f'exec "$0" {closed}'
                run = self.bare("/bin/sh", "-c", script, work)
                status = 0
                if "1>" in closed:  # nowhere to print to: stdio may say so
                    self.assertIn(run.status, (0, 1))
                    continue
                self.assertEqual(run.status, status, run)

    def test_no_descriptor_is_left_open(self):
        script = "import os; print(sorted(os.listdir('/proc/self/fd')))"
        if not self.settings.preload:
            self.skipTest("an interpreter is not linked with us")
        plain = drive.Run([sys.executable, "-S", "-c", script], {})
        ours = self.bare(sys.executable, "-S", "-c", script)
        self.expect(ours, plain.out)

    def test_a_huge_environment(self):
        more = {f"VARIABLE_{i}": "x" * 1000 for i in range(1000)}
        self.expect(self.run_on("work", **more))

    def test_a_small_stack(self):
        run = self.bare("/bin/sh", "-c", 'ulimit -s 128 && exec "$0"',
                        self.program("work"))
        self.expect(run)

    def test_bound_at_once(self):
        self.expect(self.run_on("work", LD_BIND_NOW="1"))

    def test_system_programs(self):
        if not self.settings.preload:
            self.skipTest("system programs are not linked with us")
        for command in (["/bin/true"], ["/bin/ls", "/"], ["/bin/cat",
                        "/proc/self/status"], ["/bin/sh", "-c", "exit 0"],
                        ["/usr/bin/env"], ["/usr/bin/sort", "/etc/passwd"]):
            with self.subTest(command=command):
                self.expect(self.bare(*command))


class Chain(drive.Driver):
    """Beside another preloaded library, in either order."""

    def chained(self, *libraries):
        """`work` with these libraries preloaded in this order."""
        expected = self.run_on("work").out
        run = self.run_on("work", LD_PRELOAD=":".join(libraries),
                          API_CHAIN_REPORT="1")
        self.assertEqual((run.status, run.out), (0, expected), run)
        return run

    def setUp(self):
        if not self.settings.preload:
            self.skipTest("nothing is preloaded")
        self.ours = self.settings.preload
        self.chain = self.program("libapi_chain.so")

    def test_behind_it(self):
        self.assertEqual(self.chained(self.chain, self.ours).err,
                         "chain: 1 1\n")

    def test_before_it(self):
        # Our malloc is found first; the other one sees none of the calls.
        self.assertEqual(self.chained(self.ours, self.chain).err,
                         "chain: 0 0\n")

    def test_beside_hooks_of_what_it_needs(self):
        hook = self.program("libapi_hook.so")
        for libraries in ((hook, self.ours), (self.ours, hook)):
            self.assertEqual(self.chained(*libraries).err, "")

    def test_audited(self):
        run = self.run_on("work", LD_AUDIT=self.program("libapi_audit.so"))
        self.assertEqual((run.status, run.err), (0, ""), run)

    def test_over_a_copy_in_the_program(self):
        run = self.run_on("work_linked", "xml")
        self.assertEqual((run.status, run.err), (0, ""), run)

    def test_named_twice(self):
        self.assertEqual(self.chained(self.ours, self.ours).err, "")


if __name__ == "__main__":
    unittest.TestCase.maxDiff = None
    drive.main(sys.modules[__name__])
