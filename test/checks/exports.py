#!/usr/bin/env python3
"""Checks what a built libbuddy.so.1 shows to the world and asks of it.

Exported are exactly the names in exports.list, and every function that the
public header declares is among them. Nothing but glibc is needed, and of it
only what imports.list names. There are two words of thread-local storage, in
the static model, so that the library can be loaded by dlopen() too. Nothing is
bound lazily, the stack is not executable, no segment is both writable and
executable, and the soname is libbuddy.so.1.
"""

import argparse
import pathlib
import re
import subprocess
import sys

SONAME = "libbuddy.so.1"
TLS_BYTES = 16
# ld-linux-x86-64.so.2, ld-linux-aarch64.so.1
NEEDED = re.compile(r"libc\.so\.6|libpthread\.so\.0|ld-linux[-\w]*\.so\.\d")


def readelf(option, path):
    return subprocess.run(["readelf", "-W", option, path], check=True,
                          capture_output=True, text=True,
                          env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}).stdout


def exported_symbols(path):
    """Names that other objects can bind to."""
    names = set()
    for line in readelf("--dyn-syms", path).splitlines():
        # Num: Value Size Type Bind Vis Ndx Name
        fields = line.split()
        if (len(fields) >= 8 and fields[4] in ("GLOBAL", "WEAK", "UNIQUE")
                and fields[6] not in ("UND", "Ndx")):
            names.add(fields[7].split("@")[0])
    return names


def imported_symbols(path):
    """Names that must be found elsewhere; weak ones need not be there."""
    names = set()
    for line in readelf("--dyn-syms", path).splitlines():
        fields = line.split()
        if len(fields) >= 8 and fields[6] == "UND" and fields[4] == "GLOBAL":
            names.add(fields[7].split("@")[0])
    return names


def read_list(path):
    lines = path.read_text(encoding="ascii").splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def declared_functions(header):
    return set(re.findall(r"\b(buddy_\w+)\s*\(",
                          re.sub(r"/\*.*?\*/", "",
                                 header.read_text(encoding="utf-8"),
                                 flags=re.S)))


def check_names(path, wanted):
    exported = exported_symbols(path)
    for name in sorted(wanted - exported):
        yield f"not exported: {name}"
    for name in sorted(exported - wanted):
        yield f"exported, but not in the list: {name}"


def check_imports(path, allowed):
    for name in sorted(imported_symbols(path) - allowed):
        yield f"calls outside, but not in the list: {name}"


def check_dynamic(path):
    text = readelf("--dynamic", path)
    for name in re.findall(r"\(NEEDED\).*\[(.*)\]", text):
        if not NEEDED.fullmatch(name):
            yield f"needs {name}"
    sonames = re.findall(r"\(SONAME\).*\[(.*)\]", text)
    if sonames != [SONAME]:
        yield f"soname is {sonames}, not {SONAME}"
    flags = " ".join(re.findall(r"\((?:FLAGS|FLAGS_1)\)(.*)", text))
    if not re.search(r"\b(BIND_NOW|NOW)\b", flags):
        yield "is bound lazily (no BIND_NOW)"
    if "(TEXTREL)" in text:
        yield "has text relocations"


def check_segments(path):
    text = readelf("--program-headers", path)
    headers = re.findall(
        r"^\s+(\w+)\s+0x\w+ 0x\w+ 0x\w+ 0x\w+ 0x(\w+) ([RWE ]{3}) 0x", text,
        re.M)
    tls = [int(size, 16) for kind, size, _ in headers if kind == "TLS"]
    if tls != [TLS_BYTES]:
        yield f"thread-local storage: {tls} bytes, not [{TLS_BYTES}]"
    stacks = [flags for kind, _, flags in headers if kind == "GNU_STACK"]
    if len(stacks) != 1 or "E" in stacks[0]:
        yield "the stack is executable"
    if any(kind == "LOAD" and "W" in flags and "E" in flags
           for kind, _, flags in headers):
        yield "a segment is writable and executable"
    if not any(kind == "GNU_RELRO" for kind, _, _ in headers):
        yield "relocated data stays writable (no RELRO)"


def main():
    here = pathlib.Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", type=pathlib.Path)
    parser.add_argument("--list", type=pathlib.Path,
                        default=here / "exports.list")
    parser.add_argument("--imports", type=pathlib.Path,
                        default=here / "imports.list")
    parser.add_argument("--header", type=pathlib.Path,
                        default=here.parent.parent / "include" / "buddy.h")
    options = parser.parse_args()
    wanted = read_list(options.list)
    problems = [f"declared in {options.header.name}, but not in the list: "
                f"{name}" for name in
                sorted(declared_functions(options.header) - wanted)]
    problems += [
        *check_names(options.library, wanted),
        *check_imports(options.library, read_list(options.imports)),
        *check_dynamic(options.library),
        *check_segments(options.library),
    ]
    for problem in problems:
        print(f"{options.library.name}: {problem}")
    print(f"exports: {len(wanted)} names, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
