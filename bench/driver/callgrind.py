"""Instruction counts: running callgrind and reading what it leaves."""

import os
import re
import subprocess
from dataclasses import dataclass, field


class CountError(Exception):
    """callgrind, or the program under it, failed."""


@dataclass
class Profile:
    """What one run of callgrind found."""

    own: dict = field(default_factory=dict)  # (object, function) -> count
    calls: dict = field(default_factory=dict)  # function -> [calls, count]


def parse(lines):
    """Reads callgrind's format, written without compressed names: fn= opens
    a function, a line of two numbers is its own cost, and the line after
    calls= is the cost of a call with all that it called."""
    found = Profile()
    here = ("?", "?")
    callee, in_call = "?", False
    for line in lines:
        key, equals, value = line.strip().partition("=")
        if equals and key == "ob":
            here = (os.path.basename(value), here[1])
        elif equals and key == "fn":
            here = (here[0], _plain(value))
        elif equals and key == "cfn":
            callee = _plain(value)
        elif equals and key == "calls":
            found.calls.setdefault(callee, [0, 0])[0] += int(value.split()[0])
            in_call = True
        elif re.fullmatch(r"[+*-]?\d* ?\d+", line.strip()):
            cost = int(line.split()[-1])
            if in_call:
                found.calls[callee][1] += cost
                in_call = False
            else:
                found.own[here] = found.own.get(here, 0) + cost
    return found


def _plain(name):
    """A function's name without what a compiler or callgrind adds to it."""
    return re.sub(r"('\d+|\.(part|cold|constprop|isra)\.?\d*)+$", "", name)


def run(command, library, scratch, toggle=None):
    """The profile of a command under a preloaded library."""
    out = os.path.join(scratch, "callgrind.out")
    options = [
        *("valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"),
        *("--compress-strings=no", "--compress-pos=no"),
    ]
    if toggle:
        options += ["--collect-atstart=no", f"--toggle-collect={toggle}"]
    done = subprocess.run(
        options + command,
        env={**os.environ, "LD_PRELOAD": library, "LC_ALL": "C"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise CountError(f"{' '.join(command)}: {done.stderr.strip()[-400:]}")
    with open(out, encoding="utf-8", errors="replace") as file:
        return parse(file)
