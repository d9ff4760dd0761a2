"""Yahoo Finance: what yfinance writes, one ticker or many, and the minutes of the last days."""

from actors.vendors.history.entry import HistoryEntry, HistoryOption, Pace, Tape
from actors.vendors.vendor import Vendor

_ISSUES = "https://github.com/ranaroussi/yfinance/issues"

VENDOR = Vendor(
    name="yahoo",
    title="Yahoo Finance, by yfinance",
    formats={"yahoo": "actors.vendors.yahoo.flat:YAHOO", "yfinance": "actors.vendors.yahoo.yfinance:YFINANCE"},
    history=(
        HistoryEntry(
            name="yahoo",
            title="minutes of the last 30 days, with holes: its silence says nothing, and its volumes are rough",
            opens="actors.vendors.yahoo.open_history:open_yahoo",
            tapes=(Tape(name="chart", title="Yahoo's chart, up to 15 minutes late for many exchanges", delay_s=900.0),),
            adjustments=("split",),
            is_silence_told=False,
            pace=(Pace(requests=1, seconds=2.0),),
            at_once=1,
            needs_keys=False,
            options=(HistoryOption(name="proxy", title="by which all requests to Yahoo go, such as http://HOST:PORT"),),
            cited={
                "is_rename_told": f"{_ISSUES}/2902: 'No data found, symbol may be delisted' is all that is said; where "
                "it answers with another symbol than was asked for, that one is named",
                "is_silence_told": f"{_ISSUES}/789: minutes may be missing for hours, and nothing is documented",
                "tapes": "nothing is documented; fifteen minutes are what most exchanges ask for",
                "pace": f"{_ISSUES}/2422: nothing is documented, who asks too much is shut out; so two seconds apart",
            },
        ),
    ),
    extra="yahoo",
)
