"""The allocators that are compared: a name and a shared library to preload."""

import glob
import os
from dataclasses import dataclass

BASE = "jemalloc"  # the allocator that tables and plots are relative to
OURS = "libbuddy"
PAIR = ["A", "B"]  # the names of two libraries that are compared

# name, Debian package, file name of the library
PACKAGED = (
    ("glibc", "libc6", "libc.so.6"),
    ("jemalloc", "libjemalloc2", "libjemalloc.so.2"),
    ("mimalloc", "libmimalloc2.0", "libmimalloc.so.2"),
    ("tcmalloc", "libtcmalloc-minimal4", "libtcmalloc_minimal.so.4"),
    ("tbbmalloc", "libtbbmalloc2", "libtbbmalloc_proxy.so.2"),
)


class PeerError(Exception):
    """A peer that was asked for cannot be used."""


@dataclass(frozen=True)
class Peer:
    """One allocator. glibc is preloaded too: some programs (Debian's redis)
    link an allocator of their own, which a preload puts behind it."""

    name: str
    path: str


def _library(file_name):
    """Path of an installed library, or None."""
    for folder in ("/usr/lib", "/lib"):
        found = glob.glob(f"{folder}/*-linux-gnu*/{file_name}")
        if found:
            return sorted(found)[0]
    return None


def installed():
    """Every packaged peer that is on this machine."""
    peers = []
    for name, _, file_name in PACKAGED:
        path = _library(file_name)
        if path:
            peers.append(Peer(name, path))
    return peers


def from_path(name, path):
    """A peer given on the command line."""
    full = os.path.realpath(path)
    if not os.path.isfile(full):
        raise PeerError(f"{name}: there is no library {path}")
    return Peer(name, full)


def from_option(text):
    """A peer given as NAME=PATH."""
    name, equals, path = text.partition("=")
    if not (name and equals and path):
        raise PeerError(f"'{text}' is not NAME=PATH")
    return from_path(name, path)


def restrict(peers, names):
    """Those of the peers whose names are listed; each must exist."""
    known = {peer.name: peer for peer in peers}
    missing = [name for name in names if name not in known]
    if missing:
        raise PeerError(
            f"no allocator {', '.join(missing)}; there are {', '.join(known)}"
        )
    return [peer for peer in peers if peer.name in names]
