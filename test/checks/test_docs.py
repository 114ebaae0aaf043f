#!/usr/bin/env python3
"""Shows that docs.py fails on each thing that it forbids."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECK = pathlib.Path(__file__).with_name("docs.py")

GOOD = """# Example
See `lib/mm/zone.c`, `lib/mm/zone.c:12`, `lib/*/zone.{c,h}`, `lib/mm/*.c`,
[a page](docs/more.md#part), [elsewhere](https://example.org/x) and
`zone_reserve()`, `zone_reserve(z, 1)`, `ZONE_MAX`, `kernel_name`, `int x`.

```
$ lib/mm/run -- ls lib64/nothing
```
"""

BAD = {
    "`lib/mm/gone.c`": "README.md:1: no such file: lib/mm/gone.c",
    "x\ny `lib/mm/zone.{c,S}`": "README.md:2: no such file: lib/mm/zone.S",
    "`lib/*/*.cpp`": "no file matches lib/*/*.cpp",
    "`zone_gone()`": "nothing is called zone_gone",
    "`gone()`": "nothing is called gone",
    "`ZONE_GONE`": "nothing is called ZONE_GONE",
    "[x](docs/gone.md)": "a link to nothing: docs/gone.md",
    "a\n```\n$ lib/gone --help\n```": "README.md:2: no such file: lib/gone",
    "run `lib/mm/run && lib/gone`": "no such file: lib/gone",
}


def run_check(readme, more="nothing"):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "lib/mm").mkdir(parents=True)
        (root / "docs").mkdir()
        (root / "lib/mm/zone.c").write_text("int zone_reserve(int);\n")
        (root / "lib/mm/zone.h").write_text("#define ZONE_MAX 3\n")
        (root / "lib/mm/run").write_text("")
        (root / "docs/more.md").write_text(more)
        (root / "words").write_text("# others\nkernel_name\n")
        if readme is not None:
            (root / "README.md").write_text(readme)
        return subprocess.run(
            [sys.executable, CHECK, root, "--words", root / "words"],
            capture_output=True, text=True, check=False)


class Docs(unittest.TestCase):
    def test_good_documents_pass(self):
        done = run_check(GOOD)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_each_fault_is_found(self):
        for text, message in BAD.items():
            with self.subTest(text):
                done = run_check(text + "\n")
                self.assertEqual(done.returncode, 1)
                self.assertIn(message, done.stdout)
                self.assertIn(" 1 problems", done.stdout)

    def test_other_documents_are_read(self):
        done = run_check(GOOD, more="`zone_gone()`")
        self.assertIn("docs/more.md:1: nothing is called zone_gone",
                      done.stdout)

    def test_missing_readme_is_found(self):
        self.assertEqual(run_check(None).returncode, 1)


if __name__ == "__main__":
    unittest.main()
