#!/usr/bin/env python3
"""Checks that the layers of lib/ only know what is below them.

    base <- os <- mm <- slab <- heap <- preload

A file may include files of its own folder, the umbrella header of a lower
layer ("mm/mm.h"), the public header, and system headers; it may not reach
upward, nor past an umbrella to an inner header. Only lib/os may make system
calls: elsewhere the headers and the functions that lead to them are errors.
"""

import argparse
import pathlib
import re
import sys

LAYERS = ["base", "os", "mm", "slab", "heap", "preload"]
PUBLIC_HEADER = "buddy.h"
OS_LAYER = "os"

# Headers that declare types and pure functions only.
PURE_HEADERS = {
    "errno.h", "inttypes.h", "limits.h", "stdarg.h", "stdatomic.h",
    "stdbool.h", "stddef.h", "stdint.h", "string.h", "sys/types.h",
}
# What single layers need besides: a thread's exit is noticed by a pthread key;
# interposition declares mallinfo's structs, prints malloc_info to a FILE, and
# looks for the program's C++ runtime.
LAYER_HEADERS = {
    "slab": {"pthread.h"},
    "heap": {"malloc.h"},
    "preload": {"malloc.h", "stdio.h", "stdlib.h", "dlfcn.h"},
}
LAYER_CALLS = {
    "slab": {"pthread_key_create", "pthread_setspecific"},
    "preload": {"dlopen", "dlsym", "fprintf"},
}

SYSTEM_CALLS = """
    brk sbrk mmap mmap64 munmap mremap mprotect madvise mincore msync mlock
    munlock mlockall process_madvise open open64 openat creat close read
    pread pread64 write writev pwrite pwrite64 lseek stat fstat lstat dprintf
    printf fprintf perror fputs puts fopen fclose fwrite fread fflush
    syscall prctl arch_prctl futex sched_yield sched_getcpu getcpu
    sched_getaffinity sysconf getpagesize getauxval getenv secure_getenv
    getpid gettid getppid kill tgkill raise abort exit _exit fork vfork clone
    execve sigaction signal sigprocmask pthread_sigmask sigfillset
    sigemptyset nanosleep usleep sleep clock_gettime clock_nanosleep
    gettimeofday time getrlimit setrlimit getrusage sysinfo membarrier
    dlsym dlopen dlvsym pthread_create pthread_join pthread_mutex_lock
    pthread_mutex_unlock pthread_once pthread_key_create pthread_atfork
    pthread_setspecific pthread_getspecific memfd_create ioctl
""".split()
CALL = re.compile(r"(?<![\w.>])(" + "|".join(SYSTEM_CALLS) + r")\s*\(")
TRAP = re.compile(r"\b(?:__asm__|asm)\b[^;]*\b(?:syscall|svc|sysenter|int\s"
                  r"+\$0x80)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def without_comments(text):
    """The text with comments blanked, lines kept."""
    def blank(match):
        found = match.group()
        return found if found[0] in "\"'" else re.sub(r"[^\n]", " ", found)
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"'
                  r"|'(?:\\.|[^'\\\n])*'", blank, text, flags=re.S)


def without_strings(text):
    return re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def check_quoted(path, layer, name):
    """Why a quoted include is wrong, or None."""
    if "/" not in name:
        if (path.parent / name).exists() or name == PUBLIC_HEADER:
            return None
        return f'"{name}" is not in the file\'s own folder'
    folder, _, header = name.partition("/")
    if folder not in LAYERS:
        return f'"{name}" is not the header of a layer'
    if LAYERS.index(folder) > LAYERS.index(layer):
        return f'"{name}" is of a higher layer'
    if folder == layer:
        return f'"{name}": a file of its own folder has no folder in its name'
    if header != f"{folder}.h":
        return f'"{name}" is an inner header; include "{folder}/{folder}.h"'
    return None


def check_system_header(layer, name):
    """Why an include in angle brackets is wrong, or None."""
    if layer == OS_LAYER or name == PUBLIC_HEADER or name in PURE_HEADERS \
            or name in LAYER_HEADERS.get(layer, ()):
        return None
    return f"<{name}> leads to system calls, which are made in lib/os"


def check_file(path, layer):
    """Yields (line, problem)."""
    text = without_comments(path.read_text(encoding="utf-8"))
    for match in INCLUDE.finditer(text):
        why = (check_quoted(path, layer, match.group(2))
               if match.group(1) == '"'
               else check_system_header(layer, match.group(2)))
        if why:
            yield line_of(text, match.start(2)), why
    if layer == OS_LAYER:
        return
    for match in TRAP.finditer(text):
        yield line_of(text, match.start()), "a system call in assembly"
    for match in CALL.finditer(without_strings(text)):
        if match.group(1) not in LAYER_CALLS.get(layer, ()) \
                and not is_defined_here(text, match):
            yield (line_of(text, match.start()),
                   f"{match.group(1)}() is for lib/os")


def is_defined_here(text, match):
    """Whether the name is the file's own: a member or a macro of it."""
    name = match.group(1)
    return bool(re.search(rf"^(?:static\b.*\b|#\s*define\s+){name}\s*\(", text,
                          re.M))


def source_files(root):
    for layer in LAYERS:
        folder = root / layer if layer == "preload" else root / "lib" / layer
        for path in sorted(folder.rglob("*.[chS]")):
            yield layer, path


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", type=pathlib.Path,
                        help="the folder that has lib/ and preload/")
    root = parser.parse_args().root
    files = problems = 0
    for layer, path in source_files(root):
        files += 1
        for line, why in check_file(path, layer):
            print(f"{path.relative_to(root)}:{line}: {why}")
            problems += 1
    print(f"layering: {files} files, {problems} problems")
    if files == 0:
        print("layering: nothing to check")
    return 1 if problems or files == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
