"""Which trades set the prices of a bar, and which count for its volume, by their sale conditions: tables of rules.

A trade with several conditions may do what each of them allows; a condition that is in no table allows everything. An
odd lot so counts for the volume, and sets neither high nor low nor last; a minute in which no trade may set a price has
no bar. Bars of extended hours take their prices from the trades that are marked as such (T), those of regular hours
never do: https://massive.com/knowledge-base/article/does-a-form-t-trade-update-a-pre-market-minute-bars-high-low-open-and-close
"""

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from messages.errors import SettingsError
from messages.tables.columns import Indices, Stamps


class Sets(enum.IntFlag):
    """What a trade may set of the bar that it falls into."""

    NOTHING = 0
    OPEN_CLOSE = 1
    """With high and low; where no trade of a bar may set these, those do that may set high and low alone."""
    HIGH_LOW = 2
    VOLUME = 4
    ALL = 7


_NOTHING, _VOLUME, _PRICES = int(Sets.NOTHING), int(Sets.VOLUME), int(Sets.OPEN_CLOSE | Sets.HIGH_LOW)
_ALL, _NOT_LAST = int(Sets.ALL), int(Sets.HIGH_LOW | Sets.VOLUME)
_DAY_MIN, _OPEN_MIN, _CLOSE_MIN = 24 * 60, 9 * 60 + 30, 16 * 60
Table: TypeAlias = Mapping[str, int]


class SaleRules:
    """The rules of one source of trades.

    Args:
        name: by which it is set.
        tables: by tape what each condition allows in regular hours; the empty tape is for trades without one.
        extended: conditions that mark a trade of extended hours, which allow everything there.
        in_extended_hours: the only conditions that matter in extended hours, if not all do.
        codes: takes the text of conditions apart.
    """

    def __init__(
        self,
        name: str,
        tables: Mapping[str, Table],
        *,
        extended: frozenset[str] = frozenset(),
        in_extended_hours: Table | None = None,
        codes: Callable[[str], Iterable[str]] = str.split,
    ) -> None:
        self.name = name
        self._marks = extended
        self._regular = tables
        self._extended = {
            tape: {code: sets for code, sets in table.items() if code not in extended}
            if in_extended_hours is None
            else in_extended_hours
            for tape, table in tables.items()
        }
        self._codes = codes
        self._looked_up = lru_cache(maxsize=4096)(self._look_up)

    def sets(self, conditions: str, tape: str = "", *, is_regular: bool = True) -> int:
        """Return what a trade may set, as a number of ``Sets``."""
        return self._looked_up(conditions, tape, is_regular)

    def is_extended(self, conditions: str) -> bool:
        """Return whether a trade says that it was made in extended hours."""
        return not self._marks.isdisjoint(self._codes(conditions))

    def sets_of(
        self, table: Sequence[str], index: Indices, minutes: Stamps, tapes: Sequence[str] = ()
    ) -> npt.NDArray[np.uint8]:
        """Return what many trades may set.

        Args:
            table: their conditions, each text once.
            index: for each trade its conditions' place there.
            minutes: for each trade the minute in which it was made, as New York's clocks show it, counted from any
                midnight. Regular are those from 9:30 to 16:00, but for one all trades of which are marked as of
                extended hours, as after an early close.
            tapes: for each text of the table its tape, if that is known.
        """
        of_tapes = tapes or [""] * len(table)
        regular, beside, marked = (
            np.array([take(*one) for one in zip(table, of_tapes, strict=True)], dtype=np.uint8)
            for take in (
                self.sets,
                lambda text, tape: self.sets(text, tape, is_regular=False),
                lambda text, _tape: self.is_extended(text),
            )
        )
        of_day = minutes % _DAY_MIN
        is_regular = (of_day >= _OPEN_MIN) & (of_day < _CLOSE_MIN)
        is_regular &= np.isin(minutes, minutes[marked[index] == 0])
        found: npt.NDArray[np.uint8] = np.where(is_regular, regular[index], beside[index])
        return found

    def _look_up(self, conditions: str, tape: str, is_regular: bool) -> int:
        tables = self._regular if is_regular else self._extended
        table = tables.get(tape, tables[""])
        found = _ALL
        for code in self._codes(conditions):
            found &= table.get(code, _ALL)
        return found


_BOTH: dict[str, int] = {
    "C": _VOLUME,  # cash
    "H": _VOLUME,  # price variation
    "I": _VOLUME,  # odd lot
    "M": _NOTHING,  # market center's official close: a message about a trade, not a trade
    "N": _VOLUME,  # next day
    "P": _NOT_LAST,  # prior reference price
    "Q": _NOTHING,  # market center's official open
    "R": _VOLUME,  # seller
    "T": _VOLUME,  # extended hours
    "U": _VOLUME,  # extended hours, sold out of sequence
    "V": _VOLUME,  # contingent
    "Z": _NOT_LAST,  # sold out of sequence
    "4": _NOT_LAST,  # derivatively priced
    "7": _VOLUME,  # qualified contingent
    "9": _PRICES,  # corrected consolidated close
}
_CTA = _BOTH | {"B": _VOLUME}  # average price
_UTP = _BOTH | {"W": _VOLUME, "G": _NOT_LAST}  # average price; bunched, sold out of sequence
_EITHER = _CTA | _UTP
_EXTENDED = frozenset({"T"})


def _tapes(more: dict[str, int]) -> dict[str, Table]:
    """Return tapes A and B by CTA's rules, C by UTP's; of a trade without a tape, what both have, the stricter."""
    cta, utp, either = (table | more for table in (_CTA, _UTP, _EITHER))
    return {"A": cta, "B": cta, "C": utp, "": either}


SIP = SaleRules("sip", _tapes({}), extended=_EXTENDED)
"""Consolidated processing of the two plans: CTS Multicast Output Specification, "Consolidated Processing Guidelines",
https://www.ctaplan.com/tech-specs, and UTP's UTDF specification, appendix on sale condition codes,
https://www.utpplan.com/technical_specifications."""

ALPACA = SaleRules("alpaca", _tapes({"9": _NOTHING}), extended=_EXTENDED)
"""The plans' rules, but a corrected close sets nothing in a minute: https://alpaca.markets/learn/stock-minute-bars,
https://forum.alpaca.markets/t/bar-calculation-cts-guidance-and-alpaca-article-discrepancy/18440 and, where bars were
equal to Alpaca's, https://forum.alpaca.markets/t/trade-or-bars-data-inaccuracy/13850."""

_MASSIVE = {
    "2": _VOLUME,  # average price
    "5": _NOT_LAST,  # bunched, sold out of sequence
    "7": _VOLUME,  # cash
    "10": _NOT_LAST,  # derivatively priced
    "12": _VOLUME,  # extended hours
    "13": _VOLUME,  # extended hours, sold out of sequence
    "15": _NOTHING,  # official close
    "16": _NOTHING,  # official open
    "20": _VOLUME,  # next day
    "21": _VOLUME,  # price variation
    "22": _NOT_LAST,  # prior reference price
    "29": _NOT_LAST,  # seller
    "33": _NOT_LAST,  # sold out of sequence
    "37": _VOLUME,  # odd lot
    "38": _PRICES,  # corrected consolidated close
    "52": _VOLUME,  # contingent
    "53": _VOLUME,  # qualified contingent
}
MASSIVE = SaleRules(
    "massive",
    {"": _MASSIVE},
    extended=frozenset({"12"}),
    codes=lambda text: text.replace(",", " ").split(),
)
"""Massive's (Polygon's) numbers, by the rules that it calls ``consolidated``:
https://massive.com/docs/rest/stocks/market-operations/condition-codes."""


def _bits(text: str) -> list[str]:
    try:
        flags = int(text.strip() or "0", 16)
    except ValueError:
        return []
    return [str(bit) for bit in range(flags.bit_length()) if flags >> bit & 1]


_LEAN = {
    "3": _VOLUME,  # seller
    "5": _VOLUME,  # intermarket sweep
    "9": _VOLUME,  # derivatively priced
    "10": _VOLUME,  # form T
    "13": _VOLUME,  # extended hours
    "14": _NOT_LAST,  # sold out of sequence
    "18": _VOLUME,  # stock and option
    "20": _VOLUME,  # average price
    "22": _VOLUME,  # price variation
    "24": _NOTHING,  # official close
    "25": _NOT_LAST,  # prior reference price
    "26": _NOTHING,  # official open
    "31": _VOLUME,  # odd lot
}
LEAN = SaleRules(
    "lean",
    {"": _LEAN},
    extended=frozenset({"10", "13"}),
    in_extended_hours={"24": _NOTHING, "26": _NOTHING},
    codes=_bits,
)
"""Flags of LEAN's equity ticks, by bit: Common/Data/Auxiliary/TradeConditionFlags.cs of QuantConnect/Lean. What they
mean for its minute files, which AlgoSeek made, is seen in the files themselves: prices are not taken from intermarket
sweeps, nor in regular hours from derivatively priced trades, but from cash and next-day ones. SPY on 2013-10-07, by
these rules: 388 of 390 minutes are equal in all five fields; the first and the last differ by an auction's volume."""

NONE = SaleRules("none", {"": {}}, codes=lambda _text: ())
"""Every trade sets everything."""

SALE_RULES: Mapping[str, SaleRules] = {rules.name: rules for rules in (NONE, SIP, ALPACA, MASSIVE, LEAN)}


OF_THE_FEED = "feed"
"""In settings: the rules that the feed names itself."""


def sale_rules(name: str) -> SaleRules:
    """Return rules by their name.

    Raises:
        SettingsError: there are none of this name.
    """
    if name not in SALE_RULES:
        raise SettingsError(f"sale conditions are judged by the rules of {', '.join(SALE_RULES)}, not {name!r}")
    return SALE_RULES[name]
