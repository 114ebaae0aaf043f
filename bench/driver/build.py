"""Building: the library with the suite, or the suite alone."""

import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
LIBRARY = "libbuddy.so.1"


class BuildError(Exception):
    """cmake or ninja failed; the text is their output."""


def folder():
    """Where to build: BUDDY_BUILD, or build/ in the repository."""
    return os.path.join(ROOT, os.environ.get("BUDDY_BUILD", "build"))


def _do(command):
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BuildError(f"{' '.join(command)}\n{done.stdout}")


def _configure(source, target, options):
    command = ["cmake", "-S", source, "-B", target]
    if not os.path.exists(os.path.join(target, "CMakeCache.txt")):
        command += ["-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                    "-DBUDDY_TESTS=OFF", "--no-warn-unused-cli"]
    _do(command + options)
    _refuse_slow(target)


def _refuse_slow(target):
    """A debug build, or one with sanitizers, is not worth measuring."""
    with open(os.path.join(target, "CMakeCache.txt"), encoding="utf-8") as file:
        cache = dict(
            line.rstrip("\n").split("=", 1) for line in file if "=" in line
        )
    if (
        cache.get("CMAKE_BUILD_TYPE:STRING") == "Debug"
        or cache.get("BUDDY_DEBUG:BOOL") == "ON"
        or cache.get("BUDDY_SANITIZE:STRING")
    ):
        raise BuildError(
            f"{target} is a debug or sanitizer build; name another folder "
            "by BUDDY_BUILD"
        )


def with_library():
    """Builds everything. Returns (folder of the suite, path of libbuddy)."""
    target = folder()
    _configure(ROOT, target, ["-DBUDDY_BENCH=ON"])
    _do(["cmake", "--build", target, "--target", "buddy_shared",
         "bench_suite"])
    return os.path.join(target, "bench"), os.path.join(target, LIBRARY)


def suite_alone():
    """Builds the suite only, for libraries that were built elsewhere."""
    target = folder().rstrip("/") + "-bench"
    _configure(os.path.join(ROOT, "bench"), target, [])
    _do(["cmake", "--build", target, "--target", "bench_suite"])
    return target
