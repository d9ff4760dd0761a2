"""Cuts of a store at random, thousands of them: does any reader or event know what comes after its minute?

``python -m tests.benchmarks.leaks --store DIR --cuts 10000``; each session is cut by itself, its history as it is.
"""

import argparse
import json
import time
from typing import Any

from actors.proving.prover import Prover, Question
from actors.storage.parquet import ParquetStore
from actors.strategy import Strategy
from messages import MinuteClosed
from tests.system.test_no_leaks import ask_everything


def asking(every: int) -> Strategy:
    """Hear every event, and ask every reader at every so many minutes."""

    def asks(system: Any) -> dict[str, Any]:
        minutes = 0
        for event in system.subscribe():
            minutes += isinstance(event, MinuteClosed)
            if isinstance(event, MinuteClosed) and minutes % every == 0:
                ask_everything(system)
        return {"minutes": minutes}

    return Strategy(asks)


def main() -> None:
    """Cut, and print how many there were, and what leaked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", required=True)
    parser.add_argument("--cuts", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=10, help="minutes at which all readers are asked")
    parser.add_argument("--closed", action="append", default=[], help='hours that are left out, as "10:10-16:00"')
    parser.add_argument("--extended", action="store_true", help="with extended hours")
    given = parser.parse_args()
    store = ParquetStore(given.store, read_only=True)
    days = [(calendar, date) for calendar in store.calendars() for date in store.dates(calendar)]
    began, cuts, compared = time.perf_counter(), 0, 0
    leaks: list[str] = []
    for number, (calendar, date) in enumerate(days):
        each = (given.cuts - cuts) // (len(days) - number)
        named = store.symbols(calendar, date) if number % 2 else ()
        question = Question(
            strategy="everything", store=given.store, calendar=calendar, start=date, end=date, symbols=named,
            closed=tuple(given.closed), extended=given.extended, cuts=each, seed=given.seed + number,
        )  # fmt: skip
        proof = Prover(question, lambda: asking(given.every)).prove()
        cuts, compared = cuts + len(proof.cuts), compared + sum(cut.entries for cut in proof.cuts)
        leaks += [f"{calendar} {leak.minute} {leak.what}: {leak.here}, {leak.there}" for leak in proof.leaks]
        print(
            json.dumps({"day": date, "cuts": cuts, "leaks": leaks, "seconds": time.perf_counter() - began}), flush=True
        )
    print(json.dumps({"cuts": cuts, "compared": compared, "leaks": leaks, "seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    main()
