#!/usr/bin/env python3
"""Shows that exports.py fails on each thing that it forbids, on small
libraries built here."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECK = pathlib.Path(__file__).with_name("exports.py")
SOURCE = """
#include <stdlib.h>
#define API __attribute__((visibility("default")))
static __thread void *tls[2] __attribute__((tls_model("initial-exec")));
API int buddy_one(void) { return tls[0] != tls[1]; }
API void *buddy_two(void) { tls[0] = tls; return getenv("X"); }
"""
LIST = "# two names\nbuddy_one\nbuddy_two\n"
HEADER = "/* buddy_three() is only named */\nint buddy_one(void);\n"
FLAGS = ["-shared", "-fPIC", "-fvisibility=hidden", "-Wl,-soname,libbuddy.so.1",
         "-Wl,-z,now", "-Wl,-z,relro", "-Wl,-z,noexecstack"]

# name: (what is added to the source, what is replaced in the flags, message)
FAULTS = {
    "one more": ("API void three(void) { }", {},
                 "exported, but not in the list: three"),
    "another library": ("",
                        {"-shared": "-shared -Wl,--no-as-needed -lm"},
                        "needs libm.so.6"),
    "more tls": ("__thread int more; int g(void) { return more++; }"
                 "API int (*p)(void) = g;", {},
                 "thread-local storage: ["),
    "soname": ("", {"-Wl,-soname,libbuddy.so.1": "-Wl,-soname,libbuddy.so.2"},
               "soname is ['libbuddy.so.2']"),
    "stack": ("", {"-Wl,-z,noexecstack": "-Wl,-z,execstack"},
              "the stack is executable"),
    "lazy": ("", {"-Wl,-z,now": "-Wl,-z,lazy"}, "is bound lazily"),
    "relro": ("", {"-Wl,-z,relro": "-Wl,-z,norelro"}, "stays writable"),
    "import": ('#include <stdio.h>\nvoid s(void) { puts("x"); }'
               "__attribute__((constructor)) static void t(void) { s(); }",
               {}, "calls outside, but not in the list: puts"),
}


def run_check(extra="", replaced=None, names=LIST, header=HEADER):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "lib.c").write_text(SOURCE + extra)
        (root / "list").write_text(names)
        (root / "imports").write_text("getenv\n")
        (root / "buddy.h").write_text(header)
        flags = " ".join((replaced or {}).get(f, f) for f in FLAGS).split()
        subprocess.run([os.environ.get("CC", "cc"), "-o", root / "lib.so",
                        root / "lib.c", *flags], check=True)
        return subprocess.run(
            [sys.executable, CHECK, root / "lib.so", "--list", root / "list",
             "--imports", root / "imports", "--header", root / "buddy.h"],
            capture_output=True, text=True, check=False)


class Exports(unittest.TestCase):
    def test_good_library_passes(self):
        done = run_check()
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_each_fault_is_found(self):
        for name, (extra, replaced, message) in FAULTS.items():
            with self.subTest(name):
                done = run_check(extra, replaced)
                self.assertEqual(done.returncode, 1, done.stdout)
                self.assertIn(message, done.stdout)

    def test_missing_name_is_found(self):
        done = run_check(names=LIST + "buddy_gone\n")
        self.assertEqual(done.returncode, 1)
        self.assertIn("not exported: buddy_gone", done.stdout)

    def test_declared_but_unlisted_is_found(self):
        done = run_check(header=HEADER + "int buddy_new(int x);\n")
        self.assertEqual(done.returncode, 1)
        self.assertIn("but not in the list: buddy_new", done.stdout)


if __name__ == "__main__":
    unittest.main()
