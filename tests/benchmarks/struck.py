"""One bug in each handler of each room of a live day, before and after it has done its work: python -m
tests.benchmarks.struck [WORD ...]

Every day should end by itself with its bars recorded, or as an error that says why; none should stand still. Words
choose among the places. It exits with 1 if a day did neither.
"""

import sys
import time

from tests.system.struck_day import places, struck

_PATIENCE_S = 30.0


def main(words: list[str]) -> int:
    """Live a day for each place; print those that did not end well, and how many there were."""
    began, days, hit, failed, bad = time.monotonic(), 0, 0, 0, 0
    for place in places():
        if words and not any(word in str(place) for word in words):
            continue
        fate = struck(place, _PATIENCE_S)
        days += 1
        hit += fate.is_struck
        failed += bool(fate.failure)
        if not fate.is_well:
            bad += 1
            sys.stdout.write(f"{fate}\n")
    seconds = time.monotonic() - began
    sys.stdout.write(
        f"{days} days in {seconds:.0f} s; in {hit} of them the bug struck; {hit - failed - bad} of these went on to "
        f"their close with all bars recorded, {failed} ended as an error that says why, {bad} did neither\n"
    )
    return bad > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
