#!/usr/bin/env python3
"""Shows that layout.py fails on a library without the layout, and passes on
one that has it; both are built here."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECK = pathlib.Path(__file__).with_name("layout.py")
SCRIPT = CHECK.parents[2] / "preload" / "libbuddy.ld"
sys.path.insert(0, str(CHECK.parent))

# pylint: disable=wrong-import-position
import layout  # noqa: E402

LAYOUT = ["-Wl,-z,noseparate-code", "-Wl,-z,max-page-size=65536",
          f"-Wl,-T,{SCRIPT}"]
FILLER = '__asm__(".text\\n.skip 0x10000\\n");\n'


def source(names):
    """Functions of these names, and a constant that one of them needs."""
    text = "const char *first(void) { return \"constant\"; }\n"
    text += "static void nothing(void) { }\n"
    text += "void (*relocated)(void) = nothing;\n"
    return text + "".join(f"void {name}(void) {{ }}\n" for name in names
                          if not name.startswith("_"))


def run_check(text, flags):
    """The check's result on a library of this source."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "lib.c").write_text(text)
        subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC",
                        "-fno-builtin", "-fno-toplevel-reorder", "-w", "-o",
                        root / "lib.so", root / "lib.c", *flags], check=True)
        return subprocess.run([sys.executable, CHECK, root / "lib.so"],
                              capture_output=True, text=True, check=False)


class Layout(unittest.TestCase):
    """What is near, and what is not."""

    def test_all_is_near(self):
        done = run_check(source(layout.FUNCTIONS), LAYOUT)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_code_is_far(self):
        done = run_check(FILLER + source(layout.FUNCTIONS), LAYOUT)
        self.assertEqual(done.returncode, 1)
        self.assertIn("heap_calloc ends at 0x1", done.stdout)
        self.assertNotIn(".rodata.early ends", done.stdout)

    def test_a_function_is_gone(self):
        done = run_check(source(layout.FUNCTIONS[1:]), LAYOUT)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no malloc", done.stdout)

    def test_no_layout(self):
        done = run_check(source(layout.FUNCTIONS), [])
        self.assertEqual(done.returncode, 1)
        self.assertIn("no .rodata.early", done.stdout)


if __name__ == "__main__":
    unittest.main()
