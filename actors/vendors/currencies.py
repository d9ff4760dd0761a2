"""Pairs of currencies, as the files of brokers and archives name them."""

import msgspec

from actors.reading.format import RawBars

_CURRENCIES = frozenset({
    "AUD", "BRL", "CAD", "CHF", "CLP", "CNH", "CNY", "COP", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "IDR",
    "ILS", "INR", "JPY", "KRW", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "RON", "RUB", "SEK", "SGD", "THB",
    "TRY", "TWD", "USD", "ZAR", "XAU", "XAG", "XPT", "XPD",
})  # fmt: skip
"""Codes of ISO 4217 (https://www.iso.org/iso-4217-currency-codes.html) that are traded, metals included."""

_PAIR = 6


def calendar_of(symbol: str) -> str | None:
    """Return ``FX`` for a pair of currencies, whatever stands behind it (EURUSD-BID), else ``None``."""
    pair = symbol.upper().replace("/", "")
    is_pair = pair[:3] in _CURRENCIES and pair[3:_PAIR] in _CURRENCIES and not pair[_PAIR : _PAIR + 1].isalnum()
    return "FX" if is_pair else None


def at_home(bars: RawBars) -> RawBars:
    """Return bars with the calendar of their symbol, where that is a pair."""
    return msgspec.structs.replace(bars, calendar=calendar_of(bars.symbols[0]))
