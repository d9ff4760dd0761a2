"""Which of several columns is a bar's volume, and which two together are.

MetaTrader 5 writes the number of ticks and the real volume, which is 0 for all of foreign exchange
(https://www.mql5.com/en/docs/constants/structures/mqlrates); CryptoDataDownload and Kaggle's Bitstamp write the volume
in both currencies of a pair; TradeStation writes the shares that went up and those that went down, whose sum it is
(https://help.tradestation.com/10_00/eng/tradestationhelp/elword/word/upticks_reserved_word_.htm).
"""

import re
from collections.abc import Callable, Mapping, Sequence

_TICKS = ("tickvolume", "tickvol")
_REAL = ("realvolume", "realvol", "actualvolume", "actualvol")
_UP_AND_DOWN = (("up", "down"), ("upvolume", "downvolume"), ("buyvolume", "sellvolume"))
_OF_CURRENCY = re.compile(r"(?:volume|vol)(?:in|from)?([a-z\d]{2,10})|(base)(?:asset|token|currency)?(?:volume|vol)")
_AMOUNTS = ("amount", "quantity", "qty")
_UNIT = re.compile(
    r"[(\[\uff08]\s*(?:(?:in )?lots?|contracts? of \d+|k|m|mln|'?000s?|thousands?|millions?|x ?\d+|\u624b|\u5343\S*"
    r"|\u4e07\S*|\u767e\S*|\ubc31\uc8fc|\ucc9c\uc8fc)\s*[)\]\uff09]",
    re.IGNORECASE,
)
"""What stands in brackets behind a volume that is not counted one by one: lots, thousands, hundreds."""
_QUOTED_IN = {
    "usd", "usdt", "usdc", "busd", "tusd", "dai", "eur", "gbp", "jpy", "krw", "try", "currency", "quote", "counter",
    "notional", "dollar", "dollars", "money", "value", "to", "ma", "sma", "avg", "weighted", "delta", "change",
}  # fmt: skip


def chosen(
    plain: Sequence[str],
    usual: int | None,
    has_any: Callable[[int], bool],
    is_money_of: Callable[[int, int], bool],
) -> tuple[int, ...]:
    """Return the columns whose sum is the volume; none where there is no volume.

    Args:
        plain: the columns' names in small letters, and only letters and digits.
        usual: the column that bears a usual name of a volume.
        has_any: whether a column has any number but 0.
        is_money_of: whether a column is what another comes to at the bar's prices: HTX's ``vol`` is that of ``amount``.
    """
    named = {name: place for place, name in reversed(list(enumerate(plain)))}
    real = [named[name] for name in _REAL if name in named]
    ticks = [named[name] for name in _TICKS if name in named]
    for amount in (named[name] for name in _AMOUNTS if name in named and usual is not None):
        usual = amount if usual is not None and is_money_of(usual, amount) else usual
    counted = [place for place in (*real, *([usual] if usual is not None else ())) if place not in ticks]
    if counted or ticks:
        return (next((place for place in (*counted, *ticks) if has_any(place)), (*counted, *ticks)[0]),)
    for up, down in _UP_AND_DOWN:
        if up in named and down in named:
            return (named[up], named[down])
    pair = [(place, found[1] or "") for place, name in enumerate(plain) if (found := _OF_CURRENCY.fullmatch(name))]
    base = [place for place, currency in pair if currency not in _QUOTED_IN]
    return tuple((base or ([place for place, _ in pair] if len(pair) == 2 else []))[:1])


def unit_told(names: Sequence[str], places: Mapping[str, int]) -> tuple[str, ...]:
    """Return the remark that the volume is counted in lots or the like, if its name says so: nobody knows how many."""
    name = names[places["volume"]] if names and "volume" in places else ""
    said = f"the volume is counted as its column says, {name!r}, and stands as it is written there"
    return (said,) if _UNIT.search(name) else ()
