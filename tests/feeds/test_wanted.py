"""Which symbols are wanted."""

import pytest

from actors.feeds.wanted import WantedSymbols
from messages.feeds import EVERYTHING
from messages.tables.columns import BarBatch
from tests.builders import minute_of


def wanted(*steps: tuple[str, ...]) -> set[str]:
    """Return which of A, B and C are wanted after steps such as ("+", "A", "B")."""
    symbols = WantedSymbols()
    for sign, *names in steps:
        (symbols.add if sign == "+" else symbols.drop)(names)
    return {name for name in "ABC" if name in symbols}


@pytest.mark.parametrize(
    ("steps", "left"),
    [
        ([], set()),
        ([("+", "A", "B")], {"A", "B"}),
        ([("+", "A", "B"), ("-", "A", "C")], {"B"}),
        ([("+", EVERYTHING)], {"A", "B", "C"}),
        ([("+", EVERYTHING), ("-", "A")], {"B", "C"}),
        ([("+", EVERYTHING), ("-", "A"), ("+", "A")], {"A", "B", "C"}),
        ([("-", "A"), ("+", EVERYTHING)], {"A", "B", "C"}),
        ([("+", EVERYTHING, "A"), ("-", EVERYTHING)], set()),
        ([("+", EVERYTHING), ("-", EVERYTHING), ("+", "C")], {"C"}),
    ],
)
def test_the_last_word_on_a_symbol_counts(steps: list[tuple[str, ...]], left: set[str]) -> None:
    assert wanted(*steps) == left


def test_a_batch_of_wanted_symbols_is_passed_on_as_it_is() -> None:
    symbols = WantedSymbols()
    symbols.add(["A", "B"])
    batch, more = BarBatch.of(minute_of("AB", "09:30")), BarBatch.of(minute_of("ABC", "09:30"))

    assert symbols.of(batch) is batch
    assert symbols.of(more).names() == ["A", "B"]
