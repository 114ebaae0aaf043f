"""Ten arrays of 0.3 to 3 MB, replaced one at a time: what numeric programs do.

usage: arrays.py STEPS [SEED]
"""

import random
import sys

dice = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
arrays = []
total = 0
for step in range(int(sys.argv[1])):
    arrays.append(bytearray(dice.randint(300000, 3000000)))
    arrays[-1][-1] = step % 256
    if len(arrays) > 10:
        gone = arrays.pop(dice.randrange(len(arrays)))
        total += len(gone) + gone[-1]
print(total, sum(map(len, arrays)))
