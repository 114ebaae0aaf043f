"""valgrind and ASan beside libbuddy, as docs/debugging.md has them."""

import os
import subprocess
import sys

import debug


class Valgrind(debug.Case):
    """memcheck takes malloc's place, wherever libbuddy is."""

    def setUp(self):
        super().setUp()
        self.need("valgrind")

    def memcheck(self, how, *options, preload=True):
        """What memcheck says of a run of the victim."""
        command = ["valgrind", "-q", "--leak-check=full", *options,
                   self.victim, how]
        return self.run_command(command, preload=preload).stdout

    def test_overrun(self):
        text = self.memcheck("overrun")
        self.assertIn("Invalid write of size 1", text)
        self.assertIn("0 bytes after a block of size 100 alloc'd", text)

    def test_use_after_free(self):
        text = self.memcheck("late")
        self.assertRegex(text, "3 bytes inside a block of size 100 free'd")

    def test_leak(self):
        self.assertIn("100 bytes in 1 blocks are definitely lost",
                      self.memcheck("leak"))

    def test_on_libbuddy(self):
        """Without its own malloc it sees nothing, and the program runs."""
        text = self.memcheck(
            "overrun", "--soname-synonyms=somalloc=nouserintercepts")
        self.assertNotIn("Invalid", text)
        self.assertRegex(text, r"^0x\w+20000 0x\w+20070 ")


class Asan(debug.Case):
    """Who comes first is malloc."""

    def compiled(self, *more):
        """The victim, built with ASan."""
        program = os.path.join(self.folder, "victim")
        source = os.path.join(debug.ROOT, "test", "debug", "victim.c")
        done = subprocess.run(
            [self.compiler, "-g", "-fno-builtin", "-fsanitize=address",
             source, *more, "-lpthread", "-o", program],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode:
            self.skipTest(f"{self.compiler} has no ASan")
        return program

    def is_shared(self, program):
        """Whether the runtime is a library, as gcc has it."""
        done = self.run_command(["ldd", program], preload=False)
        return "libasan.so" in done.stdout

    def test_linked_static(self):
        """ASan's malloc wins over that of libbuddy.a."""
        archive = os.path.join(os.path.dirname(self.library), "libbuddy.a")
        if not os.path.exists(archive):
            self.skipTest("no libbuddy.a")
        program = self.compiled(archive)
        done = self.run_command([program, "overrun"], preload=False)
        self.assertIn("heap-buffer-overflow", done.stdout)

    def test_preloaded(self):
        program = self.compiled()
        done = self.run_command([program, "overrun"])
        if self.is_shared(program):
            self.assertIn("ASan runtime does not come first", done.stdout)
        else:
            self.assertIn("heap-buffer-overflow", done.stdout)

    def test_preloaded_behind(self):
        program = self.compiled()
        if not self.is_shared(program):
            self.skipTest("ASan is linked in: it is always first")
        runtime = subprocess.run(
            [self.compiler, "-print-file-name=libasan.so"], check=True,
            stdout=subprocess.PIPE, text=True).stdout.strip()
        done = self.run_command([program, "overrun"], preload=False,
                                LD_PRELOAD=f"{runtime}:{self.library}")
        self.assertIn("heap-buffer-overflow", done.stdout)

    def test_order_not_checked(self):
        """libbuddy is malloc then, and ASan sees no block."""
        program = self.compiled()
        if not self.is_shared(program):
            self.skipTest("ASan is linked in: it is always first")
        done = self.run_command(
            [program, "overrun"],
            ASAN_OPTIONS="verify_asan_link_order=0:detect_leaks=0")
        self.assertNotIn("AddressSanitizer", done.stdout)
        self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    debug.main(sys.modules[__name__])
