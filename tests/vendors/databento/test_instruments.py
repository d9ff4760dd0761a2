from datetime import date
from types import SimpleNamespace

import numpy as np

from actors.vendors.databento.instruments import Instruments
from messages.values import DAY_NS

DAY = int(np.datetime64("2024-07-01").astype(np.int64))


def store(mappings: dict[str, list[tuple[str, str, str]]]) -> SimpleNamespace:
    found = {
        asked: [
            {"start_date": date.fromisoformat(first), "end_date": date.fromisoformat(end), "symbol": answered}
            for first, end, answered in intervals
        ]
        for asked, intervals in mappings.items()
    }
    return SimpleNamespace(mappings=found)


def named(instruments: Instruments, *cells: tuple[int, int]) -> list[str | None]:
    numbers, days = (np.array(column, dtype=np.int64) for column in zip(*cells, strict=True))
    places = instruments.places(numbers, (DAY + days) * DAY_NS + 5)
    return [instruments.symbols[place] if place >= 0 else None for place in places.tolist()]


def test_a_number_stands_for_one_symbol_after_another() -> None:
    instruments = Instruments.of(
        store({"ES.c.0": [("2024-07-01", "2024-07-02", "118")], "NQ.c.0": [("2024-07-02", "2024-07-04", "118")]})
    )

    assert named(instruments, (118, -1), (118, 0), (118, 1), (118, 2), (118, 3), (7, 0)) == [
        None, "ES.c.0", "NQ.c.0", "NQ.c.0", None, None,
    ]  # fmt: skip


def test_who_asked_by_number_was_answered_with_symbols() -> None:
    assert named(Instruments.of(store({"118": [("2024-07-01", "2024-07-02", "ESU4")]})), (118, 0)) == ["ESU4"]


def test_what_was_not_resolved_names_nothing() -> None:
    instruments = Instruments.of(store({"ESU4": [("2024-07-01", "2024-07-02", "")], "NQU4": []}))

    assert (instruments.symbols, named(instruments, (118, 0))) == ((), [None])


def test_the_highest_numbers_are_no_exception() -> None:
    number = 2**32 - 1

    assert named(Instruments.of(store({"X": [("2024-07-01", "2024-07-02", str(number))]})), (number, 0)) == ["X"]
