"""Fresh copies of the allocators' libraries, for each round.

Where in memory the page cache keeps a library's code is an accident that stays
the same until the file leaves the cache, and decides over up to a fifth of a
small program's time: with copies of one file, bignum took 482 to 525 ms. With
copies of its own in each round, a median is not that of one accident.
"""

import os
import shutil
import subprocess
from dataclasses import replace


def _loads(path):
    """Whether a library can be preloaded from there."""
    done = subprocess.run(
        ["/bin/true"],
        env={"LD_PRELOAD": path, "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return done.returncode == 0 and not done.stderr


def _copy(peer, folder):
    """The allocator from a copy; as it is, if it needs its own folder."""
    os.makedirs(folder)
    path = shutil.copyfile(
        peer.path, os.path.join(folder, os.path.basename(peer.path))
    )
    return replace(peer, path=path) if _loads(path) else peer


def fresh(peers, scratch, turn):
    """{name: allocator from its copy for this round}. The last round's copies
    go when no new one can take their place."""
    folder = os.path.join(scratch, f"round-{turn}")
    found = {
        peer.name: _copy(peer, os.path.join(folder, peer.name))
        for peer in peers
    }
    shutil.rmtree(os.path.join(scratch, f"round-{turn - 1}"),
                  ignore_errors=True)
    return found
