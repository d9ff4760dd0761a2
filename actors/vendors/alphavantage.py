"""Alpha Vantage's TIME_SERIES_INTRADAY as CSV: newest first, stamped with the end of the bar, New York time.

The header is ``timestamp,open,high,low,close,volume`` (``datetime`` in older files). The documentation gives the zone;
that 09:31 is the first stamp of a session and 16:00 the last, the files themselves.
"""

from actors.reading import delimited
from actors.reading.format import Coverage, Format, Stamp
from actors.reading.peek import Head
from actors.reading.stamps import StampForm, form_of

_HEADERS = (
    ["timestamp", "open", "high", "low", "close", "volume"],
    ["datetime", "open", "high", "low", "close", "volume"],
)


def _sniff(head: Head) -> bool:
    if head.cells(0) not in _HEADERS or len(head.lines) < 3:
        return False
    newest, before = head.cells(1)[0], head.cells(2)[0]
    return form_of(newest) is form_of(before) is StampForm.ISO and newest > before


ALPHA_VANTAGE = Format(
    name="alphavantage",
    title="Alpha Vantage intraday CSV",
    source="https://www.alphavantage.co/documentation/#intraday",
    stamp=Stamp.END,
    tz="America/New_York",
    adjusted=True,  # adjusted=true is the default of the request
    coverage=Coverage.EXTENDED,
    emits_empty_minutes=False,
    calendar="XNYS",
    sniff=_sniff,
    read=delimited.read,
)
