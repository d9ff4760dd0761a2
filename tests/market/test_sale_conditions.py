"""What trades may set by their sale conditions: the vendors' tables."""

import pytest

from actors.market.sale_conditions import ALPACA, LEAN, MASSIVE, NONE, SIP, SaleRules, Sets, sale_rules
from messages.errors import SettingsError

ALL, NOTHING, VOLUME = Sets.ALL, Sets.NOTHING, Sets.VOLUME
NOT_LAST, PRICES = Sets.HIGH_LOW | Sets.VOLUME, Sets.HIGH_LOW | Sets.OPEN_CLOSE

UTP_NO_HIGH_LOW = "C H I M N Q R T U V W 7"
UTP_NO_LAST = "C G H I M N P Q R T U V W Z 4 7"
UTP_NO_VOLUME = "M Q"
"""By https://forum.alpaca.markets/t/trade-or-bars-data-inaccuracy/13850, whose author so got Alpaca's bars."""


def test_on_tape_c_conditions_are_utps() -> None:
    for code in "@ABCDFGHIKLMNOPQRSTUVWXYZ14567":
        sets = ALPACA.sets(code, "C")

        assert (code not in UTP_NO_HIGH_LOW.split()) == bool(sets & Sets.HIGH_LOW), code
        assert (code not in UTP_NO_LAST.split()) == bool(sets & Sets.OPEN_CLOSE), code
        assert (code not in UTP_NO_VOLUME.split()) == bool(sets & Sets.VOLUME), code


@pytest.mark.parametrize(
    ("rules", "conditions", "tape", "sets"),
    [
        (SIP, "", "", ALL),
        (SIP, "@ F", "A", ALL),
        (SIP, "@ F I", "A", VOLUME),
        (SIP, "B", "A", VOLUME),  # an average price
        (SIP, "B", "C", ALL),  # a bunched trade
        (SIP, "B", "", VOLUME),  # one or the other
        (SIP, "W", "C", VOLUME),
        (SIP, "9", "C", PRICES),
        (ALPACA, "9", "C", NOTHING),
        (ALPACA, "@ 4 I", "C", VOLUME),
        (ALPACA, "X Q", "C", NOTHING),
        (MASSIVE, "14,41", "", ALL),
        (MASSIVE, "14 37 41", "", VOLUME),
        (MASSIVE, "10", "", NOT_LAST),
        (MASSIVE, "38", "", PRICES),
        (MASSIVE, "15", "", NOTHING),
        (MASSIVE, "53,52,41", "", VOLUME),
        (LEAN, "1", "", ALL),
        (LEAN, "20000020", "", VOLUME),  # an intermarket sweep
        (LEAN, "4800", "", NOT_LAST),
        (LEAN, "80000001", "", VOLUME),  # an odd lot
        (LEAN, "4000000", "", NOTHING),
        (LEAN, "?", "", ALL),
        (NONE, "I", "C", ALL),
    ],
)
def test_a_trade_may_do_what_each_of_its_conditions_allows(
    rules: SaleRules, conditions: str, tape: str, sets: Sets
) -> None:
    assert Sets(rules.sets(conditions, tape)) == sets


@pytest.mark.parametrize(("rules", "form_t", "odd_lot"), [(SIP, "T", "I"), (ALPACA, "@ T", "I"), (MASSIVE, "12", "37")])
def test_bars_of_extended_hours_take_their_prices_from_form_t(rules: SaleRules, form_t: str, odd_lot: str) -> None:
    assert Sets(rules.sets(form_t)) == VOLUME
    assert Sets(rules.sets(form_t, is_regular=False)) == ALL
    assert Sets(rules.sets(f"{form_t} {odd_lot}", is_regular=False)) == VOLUME


def test_in_extended_hours_lean_takes_all_but_official_prices() -> None:
    assert Sets(LEAN.sets("20002020", is_regular=False)) == ALL
    assert Sets(LEAN.sets("1000000", is_regular=False)) == NOTHING


def test_rules_are_found_by_their_names() -> None:
    assert sale_rules("massive") is MASSIVE
    with pytest.raises(SettingsError, match="by the rules of none, sip, alpaca, massive, lean, not 'nyse'"):
        sale_rules("nyse")
