"""Debian packages: what the suite needs, and installing what is missing."""

import os
import shutil
import subprocess

from . import peers

BUILD = {
    "gcc": "gcc",
    "g++": "g++",
    "cmake": "cmake",
    "ninja": "ninja-build",
}
PROGRAMS = {
    "redis-server": "redis-server",
    "redis-benchmark": "redis-tools",
    "sqlite3": "sqlite3",
    "python3": "python3",
    "ruby": "ruby",
    "lua5.4": "lua5.4",
    "perl": "perl",
    "gs": "ghostscript",
}
FILES = {
    "/usr/include/benchmark/benchmark.h": "libbenchmark-dev",
    "/usr/lib/python3/dist-packages/matplotlib": "python3-matplotlib",
}


def missing():
    """Packages that are wanted and not there."""
    wanted = [
        package
        for command, package in {**BUILD, **PROGRAMS}.items()
        if shutil.which(command) is None
    ]
    wanted += [name for path, name in FILES.items() if not os.path.exists(path)]
    have = {peer.name for peer in peers.installed()}
    wanted += [
        package for name, package, _ in peers.PACKAGED if name not in have
    ]
    return wanted


def _install(packages):
    """True when apt-get installed them all."""
    apt = ["apt-get", "-q"]
    if os.geteuid() != 0:
        if shutil.which("sudo") is None:
            return False
        apt.insert(0, "sudo")
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    commands = (
        apt + ["update"],
        apt + ["install", "-y", "--no-install-recommends", *packages],
    )
    for command in commands:
        done = subprocess.run(
            command, stdout=subprocess.DEVNULL, env=environment, check=False
        )
    return done.returncode == 0


def require(say, further=()):
    """Installs what is missing, and those named; returns what is still not
    there."""
    wanted = [*missing(), *further]
    if not wanted or shutil.which("apt-get") is None:
        return wanted
    say(f"installing {' '.join(wanted)}")
    if not _install(wanted):
        say("apt-get failed; going on without what is missing")
    return missing()
