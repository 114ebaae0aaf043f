#!/usr/bin/env python3
"""The options in BUDDY_CONF, and what the heap prints of itself."""

import os
import re
import shutil
import sys
import tempfile
import unittest
import xml.etree.ElementTree

import drive

NOBODY = 65534


class Options(drive.Driver):
    """Runs `work` with options; what it computes never changes."""

    digest = None

    def work(self, conf, *arguments, **more):
        """A run that ends well, with the digest of a run without options."""
        if Options.digest is None:
            Options.digest = self.run_on("work").out
        run = self.run_on("work", *arguments, conf=conf, **more)
        self.assertEqual(run.status, 0, f"{conf!r}: {run}")
        self.assertTrue(run.out.startswith(Options.digest), run)
        return run

    def quiet(self, conf):
        """A run that says nothing."""
        self.assertEqual(self.work(conf).err, "", conf)

    def test_none(self):
        self.quiet(None)
        self.quiet("")

    def test_good_ones_are_quiet(self):
        for conf in ("stats_print:false", "check:fast", "check:full",
                     "guard:true", "guard:false", "junk:true", "junk:false",
                     "verify_at_exit:true", "verify_at_exit:false",
                     "segv_report:true", "segv_report:false",
                     "check:full,guard:true,junk:true,verify_at_exit:true",
                     "harden:full", "harden:off", "canary:true",
                     "zero:true", "poison:true", "random:true",
                     "quarantine:true", "sample:0", "sample:1000"):
            with self.subTest(conf=conf):
                self.quiet(conf)

    def test_unknown_key(self):
        for key in ("nonsense", "stats_prin", "stats_printx", "Check"):
            with self.subTest(key=key):
                run = self.work(f"{key}:true")
                self.assertEqual(
                    run.err,
                    f"libbuddy: BUDDY_CONF: unknown key '{key}'\n")

    def test_bad_value(self):
        for key, value in (("stats_print", "maybe"), ("check", "slow"),
                           ("guard", "2"), ("junk", "truex"),
                           ("verify_at_exit", ""), ("harden", "half"),
                           ("canary", "1"), ("sample", "many")):
            with self.subTest(key=key, value=value):
                run = self.work(f"{key}:{value}")
                self.assertEqual(
                    run.err, f"libbuddy: BUDDY_CONF: bad value '{value}' "
                    f"for key '{key}'\n")

    def test_the_good_beside_the_bad(self):
        run = self.work("nonsense:1,stats_print:true,check:slow")
        self.assertIn("unknown key 'nonsense'", run.err)
        self.assertIn("bad value 'slow' for key 'check'", run.err)
        self.assertRegex(run.err, r"(?m)^Node 0, zone")

    def test_odd_texts_do_no_harm(self):
        for conf in (",", ":", ",,,", ":::", "check", "check:full,",
                     ",check:full", "check::full", "x" * 20000,
                     "check:" + "y" * 20000, "a:b," * 5000, "\x01\xff:%s%n",
                     "check:full,check:fast"):
            with self.subTest(conf=conf[:20]):
                run = self.work(conf)
                for line in run.err.splitlines():
                    self.assertTrue(
                        line.startswith("libbuddy: BUDDY_CONF: "), line)

    def test_stats_at_exit(self):
        run = self.work("stats_print:true")
        row = re.search(r"(?m)^Node 0, zone +\S+((?: +\d+)+) *$", run.err)
        self.assertTrue(row, run)
        self.assertEqual(len(row.group(1).split()), 15)  # orders 0 to 14

    def test_stats_are_not_written_without_fd_2(self):
        command = ["/bin/sh", "-c", 'exec "$0" 2>&-', self.program("work")]
        run = drive.Run(command, self.environment("stats_print:true"))
        self.assertEqual(run.status, 0, run)

    def test_children_inherit_nothing_odd(self):
        if not self.settings.preload:
            self.skipTest("a shell is not linked with us")
        script = 'x=$(echo one); for i in 1 2 3; do (echo $i$x); done'
        run = drive.Run(["/bin/sh", "-c", script],
                        self.environment("verify_at_exit:true"))
        self.assertEqual((run.status, run.out, run.err),
                         (0, "1one\n2one\n3one\n", ""), run)


class Secure(drive.Driver):
    """A program with more rights than its user takes no options."""

    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("only root can make a setuid program")
        if self.settings.preload:
            self.skipTest("the loader preloads nothing into such programs")
        self.folder = tempfile.mkdtemp(dir="/var/tmp")
        self.addCleanup(shutil.rmtree, self.folder)
        if os.statvfs(self.folder).f_flag & os.ST_NOSUID:
            self.skipTest("a file system without setuid")
        os.chmod(self.folder, 0o755)
        self.copy = os.path.join(self.folder, "work")
        shutil.copy(self.program("work"), self.copy)

    def run_as_nobody(self, mode):
        """The copy with these permissions, run by nobody."""
        os.chmod(self.copy, mode)
        env = self.environment("nonsense:1,stats_print:true")
        return drive.Run([self.copy, "secure"], env, user=NOBODY,
                         group=NOBODY, extra_groups=[])

    def test_setuid(self):
        run = self.run_as_nobody(0o4755)
        if "secure 1" not in run.out:
            self.skipTest("setuid has no effect here")
        self.assertEqual((run.status, run.err), (0, ""), run)

    def test_the_same_without_setuid(self):
        run = self.run_as_nobody(0o755)
        self.assertIn("secure 0", run.out)
        self.assertIn("unknown key 'nonsense'", run.err)
        self.assertIn("Node 0, zone", run.err)


class Texts(drive.Driver):
    """malloc_info and malloc_stats."""

    def test_malloc_info_is_xml(self):
        run = self.run_on("work", "xml")
        self.assertEqual(run.status, 0, run)
        text = run.out.split("\n", 1)[1]
        root = xml.etree.ElementTree.fromstring(text)
        self.assertEqual(root.tag, "malloc")
        self.assertIn("version", root.attrib)
        self.assertGreater(len(list(root.iter())), 3)

    def test_malloc_stats_writes_to_stderr(self):
        run = self.run_on("work", "stats")
        self.assertEqual(run.status, 0, run)
        self.assertRegex(run.err, r"\d")


if __name__ == "__main__":
    unittest.TestCase.maxDiff = None
    drive.main(sys.modules[__name__])
