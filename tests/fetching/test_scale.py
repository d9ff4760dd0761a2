"""Bars on another scale are not mixed in without a word."""

import pytest
from msgspec.structs import replace

from actors.fetching.scale import check_adjusted_alike, check_prices_alike, histories_in, of_the_same_tape
from actors.kernel.adjusted import AdjustedRun
from actors.storage.memory import MemoryStore
from messages.errors import SettingsError
from tests.builders import DAY
from tests.certificates import certificate
from tests.data_upkeep.test_keeper import STORY

SIP = frozenset({"alpaca:sip"})


def test_the_histories_of_a_store_are_those_that_its_certificates_name() -> None:
    store = MemoryStore()
    assert histories_in(store) == frozenset()
    stories = tuple(replace(STORY, source=name) for name in ("alpaca:sip", "tape", "archive", ""))
    store.certify("XNYS", DAY.date, certificate("A", gaps=stories))

    assert histories_in(store) == SIP


@pytest.mark.parametrize(
    ("name", "there", "meant"),
    [
        ("alpaca", SIP, "alpaca:sip"),
        ("alpaca", frozenset({"alpaca:sip adjusted for split"}), "alpaca:sip"),
        ("alpaca:iex", SIP, "alpaca:iex"),
        ("alpaca", frozenset({"alpaca:sip", "alpaca:iex"}), "alpaca"),
        ("alpaca", frozenset(), "alpaca"),
        ("alpaca:crypto", SIP, "alpaca:crypto"),
        ("archive", SIP, "archive"),
    ],
)
def test_a_name_without_a_tape_means_the_one_that_the_store_has(name: str, there: frozenset[str], meant: str) -> None:
    assert of_the_same_tape(name, there, {}) == meant


def test_the_tape_of_the_settings_is_said_in_words() -> None:
    assert of_the_same_tape("alpaca", SIP, {"alpaca": {"tape": "iex"}}) == "alpaca"


@pytest.mark.parametrize(
    ("name", "there", "is_empty", "said"),
    [
        ("alpaca:sip", SIP, False, ""),
        ("alpaca:sip adjusted for split", frozenset(), True, ""),
        ("alpaca:sip adjusted for split", frozenset({"alpaca:sip adjusted for split"}), False, ""),
        ("alpaca:sip", frozenset(), False, ""),
        ("alpaca:sip adjusted for split", frozenset(), False, "prices as they were paid"),
        ("alpaca:sip adjusted for split", SIP, False, "prices as they were paid"),
        ("alpaca:sip", frozenset({"alpaca:sip adjusted for all"}), False, "prices adjusted for all"),
    ],
)
def test_adjusted_prices_and_others_have_stores_of_their_own(
    name: str, there: frozenset[str], is_empty: bool, said: str
) -> None:
    if not said:
        check_adjusted_alike(name, there, is_empty=is_empty)
        return
    with pytest.raises(SettingsError, match=f"{said}: give it a store of its own"):
        check_adjusted_alike(name, there, is_empty=is_empty)


RUNS = (AdjustedRun("A", "2024-07-01", "2024-07-03", "2024-08-01"),)


@pytest.mark.parametrize(("name", "symbols"), [("alpaca:sip", ("B",)), ("alpaca:sip adjusted for split", ("A",))])
def test_prices_go_with_those_of_other_symbols_and_adjusted_ones_with_adjusted_ones(
    name: str, symbols: tuple[str, ...]
) -> None:
    check_prices_alike(name, symbols, RUNS)


@pytest.mark.parametrize("symbols", [("A", "B"), ()])
def test_prices_as_they_were_paid_do_not_go_with_adjusted_ones_of_the_same_symbol(symbols: tuple[str, ...]) -> None:
    with pytest.raises(SettingsError, match="those of A that the store has of 2024-07-01 to 2024-07-03 were adjusted"):
        check_prices_alike("alpaca:sip", symbols, RUNS)
