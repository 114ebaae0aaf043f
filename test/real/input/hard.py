"""Work that is hard on an allocator and prints the same on every run."""

import hashlib
import itertools
import json
import multiprocessing
import random
import re
import sys
import threading
import zlib

QUICK = sys.argv[1:] == ["quick"]
SCALE = 1 if QUICK else 4


def show(name, data):
    digest = hashlib.sha256(repr(data).encode()).hexdigest()
    print(f"{name}: {digest}", flush=True)


def make_tree(rng, depth):
    """A random document as JSON has them."""
    if depth == 0:
        return rng.choice([None, True, rng.random(), "x" * rng.randrange(80)])
    if rng.random() < 0.5:
        return [make_tree(rng, depth - 1) for _ in range(rng.randrange(6))]
    return {str(rng.randrange(10**6)): make_tree(rng, depth - 1)
            for _ in range(rng.randrange(6))}


def json_round_trips(rng):
    trees = [make_tree(rng, 8) for _ in range(20 * SCALE)]
    text = json.dumps(trees, sort_keys=True, indent=1)
    assert json.loads(text) == trees
    return len(text), zlib.crc32(text.encode())


def growing_buffers(rng):
    """realloc of many sizes, up to tens of MiB, in and out of place."""
    buffers = [bytearray() for _ in range(50)]
    for step in range(3000 * SCALE):
        buffer = rng.choice(buffers)
        if rng.random() < 0.1:
            del buffer[rng.randrange(len(buffer) + 1):]
        else:
            buffer.extend(bytes([step % 251]) * rng.randrange(20000))
    big = bytearray(1)
    while len(big) < 64 << 20:
        big *= 2
    big[-1] = 7
    return [zlib.crc32(b) for b in [*buffers, big]]


def churn(rng):
    """Random replacement of objects of many shapes."""
    slots = [None] * 5000
    for step in range(150000 * SCALE):
        kind = rng.randrange(4)
        slots[rng.randrange(len(slots))] = (
            "s" * rng.randrange(1000) if kind == 0 else
            list(range(rng.randrange(50))) if kind == 1 else
            {step: str(step)} if kind == 2 else (step, step * 3.5))
    return slots


def regular_expressions(rng):
    words = ["".join(rng.choices("abcdef", k=rng.randrange(1, 12)))
             for _ in range(10000 * SCALE)]
    pattern = re.compile("|".join(sorted(set(words[:300]))))
    return [m.group() for m in map(pattern.match, words) if m][:5000]


def in_threads(function, count):
    results = [None] * count

    def work(index):
        results[index] = function(random.Random(index))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def short_threads(count):
    """Many threads that live for one allocation."""
    done = []
    for index in range(count):
        thread = threading.Thread(
            target=lambda i=index: done.append(bytes(i % 5000)))
        thread.start()
        thread.join()
    return sum(map(len, done))


def pool_task(seed):
    rng = random.Random(seed)
    return json_round_trips(rng), len(churn_small(rng))


def churn_small(rng):
    return ["y" * rng.randrange(3000) for _ in range(2000)]


def processes(method):
    context = multiprocessing.get_context(method)
    with context.Pool(4) as pool:
        return pool.map(pool_task, range(8), chunksize=1)


def main():
    show("json", json_round_trips(random.Random(1)))
    show("buffers", growing_buffers(random.Random(2)))
    show("churn", churn(random.Random(3)))
    show("re", regular_expressions(random.Random(4)))
    show("threads", in_threads(json_round_trips, 16))
    show("short", short_threads(500 * SCALE))
    show("sorted", sorted(itertools.permutations(range(8)),
                          key=lambda p: p[::-1])[:1000])
    for method in ("fork", "spawn", "forkserver"):
        show(method, processes(method))


if __name__ == "__main__":
    main()
