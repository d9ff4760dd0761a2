"""Alpha Vantage's TIME_SERIES_INTRADAY as CSV: newest first, stamped with the end of the bar, New York time.

The header is ``timestamp,open,high,low,close,volume`` (``datetime`` in older files). The documentation gives the zone;
that 09:31 is the first stamp of a session and 16:00 the last (04:01 and 20:00 with extended hours), the files
themselves. Anybody may write that header, and some the newest first, so the clock times must show those ends of a day;
and as Hong Kong, Sydney and others close at 16:00 too, a full day must begin when New York does, and have no break.
"""

import re
from itertools import groupby, pairwise

from actors.reading import delimited, naming
from actors.reading.format import Coverage, Format, Stamp
from actors.reading.peek import Head
from actors.reading.stamps import StampForm, form_of

_FEW = 100  # of more rows than these the last that is looked at may be cut
_HEADERS = (
    ["timestamp", "open", "high", "low", "close", "volume"],
    ["datetime", "open", "high", "low", "close", "volume"],
)


_FULL_DAY = 300
"""So many of 390 minutes."""
_ELSEWHERE = re.compile(r"\d+(\..*)?|.+\.[A-Z]{2,}")
"""What is no ticker of New York: 0700.HK, BHP.AX."""
_DAYS = (("04:01:00", "20:00:00"), ("09:31:00", "16:00:00"))


def _sniff(head: Head) -> bool:
    if head.cells(0) not in _HEADERS or head.delimiter != "," or len(head.lines) < 3:
        return False
    rows = [line for line in head.text.split("\n")[1:] if line.strip()]
    stamps = [row.partition(",")[0].strip('" ') for row in (rows[:-1] if len(rows) > _FEW else rows)]
    if any(form_of(stamp) is not StampForm.ISO for stamp in stamps):
        return False
    clocks = {stamp[11:] for stamp in stamps}
    is_newest_first = all(newer > older for newer, older in pairwise(stamps))
    has_ends = any(last in clocks and all(first <= clock <= last for clock in clocks) for first, last in _DAYS)
    return is_newest_first and has_ends and not _is_elsewhere(head) and _are_new_yorks(stamps)


def _is_elsewhere(head: Head) -> bool:
    return _ELSEWHERE.fullmatch(naming.stem_of(head.name)) is not None


def _are_new_yorks(stamps: list[str]) -> bool:
    """Return whether no full day begins late, or has nothing about noon."""
    days = [[stamp[11:] for stamp in of_day] for _, of_day in groupby(stamps, key=lambda stamp: stamp[:10])]
    full = [clocks for clocks in days[:-1] or days if len(clocks) >= _FULL_DAY]  # the oldest may be cut
    return all(min(clocks) < "09:45" and any("12:00:00" < clock <= "13:00:00" for clock in clocks) for clocks in full)


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
    is_anybodys=True,
    sniff=_sniff,
    read=delimited.TextReader(delimited.opens),
)
