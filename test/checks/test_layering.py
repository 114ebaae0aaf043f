#!/usr/bin/env python3
"""Shows that layering.py fails on each thing that it forbids."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECK = pathlib.Path(__file__).with_name("layering.py")

GOOD = {
    "lib/base/base.h": '#include "bits.h"\n',
    "lib/base/bits.h": "#include <stdint.h>\n",
    "lib/os/os.h": '#include "base/base.h"\n#include <sys/mman.h>\n',
    "lib/mm/mm.h": '#include "os/os.h"\n#include "zone.h"\n',
    "lib/mm/zone.h": "/* mmap(2) is not called here */\n#include <stddef.h>\n",
    "lib/slab/slab.h": '#include "mm/mm.h"\n',
    "lib/heap/heap.h": '#include "slab/slab.h"\n#include <buddy.h>\n',
    "preload/malloc.c": '#include "heap/heap.h"\n#include <malloc.h>\n',
}

BAD = {
    "upward": ("lib/mm/zone.c", '#include "slab/slab.h"\n',
               "lib/mm/zone.c:1: \"slab/slab.h\" is of a higher layer"),
    "inner header": ("lib/slab/magazine.c", '\n#include "mm/zone.h"\n',
                     'lib/slab/magazine.c:2: "mm/zone.h" is an inner header'),
    "by another way": ("lib/slab/magazine.c", '#include "../mm/zone.h"\n',
                       "is not the header of a layer"),
    "not there": ("lib/heap/large.c", '#include "zone.h"\n',
                  "not in the file's own folder"),
    "system header": ("lib/mm/zone.c", "#include <sys/mman.h>\n",
                      "<sys/mman.h> leads to system calls"),
    "system call": ("lib/heap/large.c",
                    "void f(void)\n{\n\tmadvise(0, 0, 0);\n}\n",
                    "lib/heap/large.c:3: madvise() is for lib/os"),
    "assembly": ("lib/mm/zone.c",
                 'void f(void)\n{\n\t__asm__ volatile("syscall");\n}\n',
                 "lib/mm/zone.c:3: a system call in assembly"),
    "in base": ("lib/base/bits.c", '#include "os/os.h"\n',
                "is of a higher layer"),
}


def run_check(files):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        return subprocess.run([sys.executable, CHECK, root],
                              capture_output=True, text=True, check=False)


class Layering(unittest.TestCase):
    def test_good_tree_passes(self):
        done = run_check(GOOD)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_empty_tree_fails(self):
        self.assertEqual(run_check({}).returncode, 1)

    def test_each_fault_is_found(self):
        for name, (path, text, message) in BAD.items():
            with self.subTest(name):
                done = run_check({**GOOD, path: text})
                self.assertEqual(done.returncode, 1)
                self.assertIn(message, done.stdout)
                self.assertIn(" 1 problems", done.stdout)


if __name__ == "__main__":
    unittest.main()
