"""Bytes that were cut, or of which some are others, or gone; and how many of them a long run takes."""

import os
from collections.abc import Iterator
from random import Random

from hypothesis import strategies as st

MANY = int(os.environ.get("BARKEEPER_FUZZ", "300"))
"""How many inputs a door gets in the long run: 20,000 with ``BARKEEPER_FUZZ=20000``."""

_ODD = (b"NaN", b"null", b"-1", b"1e999", b"9" * 20, b"-9223372036854775808", b'"', b"\xff\xfe", b"[[[", b"\n")


def damaged(whole: bytes) -> st.SearchStrategy[bytes]:
    """Return what is left of sound bytes, for hypothesis."""
    return st.integers(0, 2**32).map(lambda seed: one_damaged(Random(seed), whole))


def many_damaged(whole: bytes) -> Iterator[bytes]:
    """Yield so many of a long run; drawn by hypothesis they would take fifty times as long."""
    for seed in range(MANY):
        yield one_damaged(Random(seed), whole)


def one_damaged(dice: Random, whole: bytes) -> bytes:
    """Return what is left of sound bytes; the same dice leave the same."""
    raw = bytearray(whole)
    first = dice.randrange(len(raw))
    match dice.choice(("cut", "gone", "zero", "other", "flip")):
        case "cut":
            del raw[first:]
        case "gone":
            del raw[first : first + dice.randint(1, 200)]
        case "zero":
            count = dice.randint(1, 64)
            raw[first : first + count] = bytes(count)
        case "other":
            new = dice.choice((*_ODD, dice.randbytes(dice.randint(1, 16))))
            raw[first : first + dice.randint(0, 16)] = new
        case _:
            for _ in range(dice.randint(1, 8)):
                raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
    return bytes(raw)
