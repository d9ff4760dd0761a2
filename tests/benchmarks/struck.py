"""One bug in each handler of each room of a live day, before and after it has done its work: python -m
tests.benchmarks.struck [WORD ...] [--part 1/4] [--patience SECONDS]

Every day should end by itself with its bars recorded, or as an error that says why; none should stand still. Words
choose among the places, and a part is every so-manieth of them. A day that has not ended when the patience is over is
closed and counted; one that cannot even be closed ends the run, with where each thread stands. It exits with 1 if a
day did neither.
"""

import argparse
import faulthandler
import sys
import time
from collections.abc import Iterator, Sequence

from tests.system.struck_day import Place, places, struck

_PATIENCE_S = 30.0
_TO_CLOSE_S = 60.0
"""More than closing and clearing up may take."""


def main(arguments: Sequence[str]) -> int:
    """Live a day for each place; print those that did not end well, and how many there were."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", metavar="WORD")
    parser.add_argument("--part", default="1/1")
    parser.add_argument("--patience", type=float, default=_PATIENCE_S)
    asked = parser.parse_args(arguments)
    began, days, hit, failed, bad = time.monotonic(), 0, 0, 0, 0
    chosen = list(_chosen(asked.words, *map(int, asked.part.split("/"))))
    for place in chosen:
        faulthandler.dump_traceback_later(asked.patience + _TO_CLOSE_S, exit=True)
        fate = struck(place, asked.patience)
        faulthandler.cancel_dump_traceback_later()
        days += 1
        hit += fate.is_struck
        failed += bool(fate.failure)
        sys.stderr.write(f"{days}/{len(chosen)} {place} {fate.seconds:.1f} s {fate.failure}\n")
        if not fate.is_well:
            bad += 1
            sys.stdout.write(f"{fate}\n")
            sys.stdout.flush()
    seconds = time.monotonic() - began
    sys.stdout.write(
        f"{days} days in {seconds:.0f} s; in {hit} of them the bug struck; {hit - failed - bad} of these went on to "
        f"their close with all bars recorded, {failed} ended as an error that says why, {bad} did neither\n"
    )
    return bad > 0


def _chosen(words: Sequence[str], part: int, parts: int) -> Iterator[Place]:
    named = [place for place in places() if not words or any(word in str(place) for word in words)]
    yield from named[part - 1 :: parts]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
