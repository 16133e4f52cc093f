"""Exchanges two names for each other, over and over, until its standard input ends: the other half of a race.

One ``renameat2`` does it, so at every moment each name stands for one of the two things.
"""

from __future__ import annotations

import ctypes
import select
import sys

AT_FDCWD, EXCHANGE = -100, 2


def main() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    first, second = (name.encode() for name in sys.argv[1:3])
    print("swapping", flush=True)
    while not select.select([sys.stdin], [], [], 0)[0]:
        for _ in range(50):
            libc.renameat2(AT_FDCWD, first, AT_FDCWD, second, EXCHANGE)


if __name__ == "__main__":
    main()
