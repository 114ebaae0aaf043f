"""Ten arrays of 0.3 to 3 MB, of 3,000 in turn. bench/run has no row of it: it
is what docs/design.md tells the page faults of."""

import random

dice = random.Random(1)
arrays = []
for _ in range(3000):
    arrays.append(bytearray(dice.randint(300000, 3000000)))
    if len(arrays) > 10:
        arrays.pop(dice.randrange(len(arrays)))
