"""Prints a git history of many commits on 20 files, for git fast-import."""

import random
import sys


def main():
    rng = random.Random(1)
    files = [[f"line {n}" for n in range(200)] for _ in range(20)]
    out = sys.stdout
    for commit in range(int(sys.argv[1])):
        when = f"a <a@example.org> {1577836800 + commit * 60} +0000"
        out.write(f"commit refs/heads/main\nauthor {when}\n"
                  f"committer {when}\ndata 6\nnumber\n")
        for _ in range(3):
            number = rng.randrange(len(files))
            lines = files[number]
            for _ in range(10):
                lines.insert(rng.randrange(len(lines)),
                             f"line {rng.randrange(10**6)}")
                del lines[rng.randrange(len(lines))]
            text = "\n".join(lines) + "\n"
            out.write(f"M 100644 inline file{number}.txt\n"
                      f"data {len(text)}\n{text}\n")


if __name__ == "__main__":
    main()
