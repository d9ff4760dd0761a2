"""Every format, in the order in which a file is held against them: the particular before the plain."""

from actors.reading import delimited
from actors.reading.arrow_file import column_names
from actors.reading.format import Format
from actors.reading.naming import NEEDED
from actors.reading.peek import Head
from actors.vendors.alpaca.files import ALPACA
from actors.vendors.alphavantage import ALPHA_VANTAGE
from actors.vendors.backtrader import BACKTRADER
from actors.vendors.binance.files import BINANCE
from actors.vendors.databento.files import DATABENTO
from actors.vendors.firstrate import FIRSTRATE
from actors.vendors.freqtrade.candles import FREQTRADE
from actors.vendors.freqtrade.trades import FREQTRADE_TRADES
from actors.vendors.ibkr.files import IBKR
from actors.vendors.kibot import KIBOT
from actors.vendors.lean.minutes import LEAN
from actors.vendors.lean.quotes import LEAN_QUOTE
from actors.vendors.lean.seconds import LEAN_SECOND
from actors.vendors.lean.ticks import LEAN_TICK
from actors.vendors.massive.files import MASSIVE
from actors.vendors.nautilus import NAUTILUS
from actors.vendors.ninjatrader import NINJATRADER
from actors.vendors.plain.csv_file import CSV
from actors.vendors.plain.parquet_file import PARQUET
from actors.vendors.plain.trade_csv import TRADE_CSV
from actors.vendors.yahoo.flat import YAHOO
from actors.vendors.yahoo.yfinance import YFINANCE
from messages.errors import DataError

FORMATS: tuple[Format, ...] = (
    LEAN_QUOTE,
    LEAN_SECOND,
    LEAN_TICK,
    LEAN,
    FREQTRADE_TRADES,
    FREQTRADE,
    PARQUET,
    DATABENTO,
    ALPACA,
    BINANCE,
    NINJATRADER,
    BACKTRADER,
    NAUTILUS,
    YAHOO,
    YFINANCE,
    IBKR,
    KIBOT,
    FIRSTRATE,
    MASSIVE,
    ALPHA_VANTAGE,
    TRADE_CSV,
    CSV,
)


def format_named(name: str) -> Format:
    """Return the format that ``--format`` names.

    Raises:
        DataError: there is none of that name; lists those there are.
    """
    found = next((fmt for fmt in FORMATS if fmt.name == name.lower()), None)
    if found is None:
        raise DataError(f"no format {name!r}; there are {', '.join(fmt.name for fmt in FORMATS)}")
    return found


def detect(head: Head) -> Format:
    """Return the format of a file that begins with ``head``.

    Raises:
        DataError: it fits none; says what was seen and what would be needed.
    """
    found = next((fmt for fmt in FORMATS if fmt.sniff(head)), None)
    if found is None:
        raise DataError(f"fits no format: {_seen(head)}; needed is {NEEDED}, or one of --format {_names()}")
    return found


def _names() -> str:
    return ", ".join(fmt.name for fmt in FORMATS)


def _seen(head: Head) -> str:
    if head.is_arrow:
        return f"Parquet or Feather with the columns {', '.join(column_names(head.path))[:200]!r}"
    if not head.is_text:
        return "it is neither text nor Parquet"
    if not head.lines:
        return "it is empty"
    first = head.lines[0][:80]
    if head.is_json:
        return f"JSON that begins with {first!r}"
    return f"it begins with {first!r}, {delimited.misfit(head)}"
