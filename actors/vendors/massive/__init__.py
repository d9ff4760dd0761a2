"""Massive, formerly Polygon: flat files of a whole market's day, its live stream of stocks, and their history."""

from actors.vendors.history.entry import HistoryEntry, HistoryOption, Pace
from actors.vendors.vendor import FeedEntry, Vendor

_DOCS = "https://massive.com/docs"

VENDOR = Vendor(
    name="massive",
    title="Massive, formerly Polygon",
    formats={
        "massive": "actors.vendors.massive.files:MASSIVE",
        "massive-trades": "actors.vendors.massive.trades:MASSIVE_TRADES",
    },
    feeds=(
        FeedEntry(
            name="massive",
            title="Massive's stream of US stocks",
            opens="actors.vendors.massive.open_feed:open_massive",
            takes=("keys", "stream", "channels"),
            variant="stream",
            calendars={"": "XNYS"},
            histories={"": "massive"},
        ),
    ),
    history=(
        HistoryEntry(
            name="massive",
            title="US stocks, minutes and seconds of all exchanges",
            opens="actors.vendors.massive.open_history:open_massive",
            calendar="XNYS",
            adjustments=("raw", "split"),
            intervals=("1m", "1s"),
            is_silence_told=True,
            is_rename_told=True,
            silent_after_s=1200.0,
            revised_until_s=900.0,
            rows_a_page=50_000,
            pace=(Pace(requests=5, seconds=60.0),),
            lists_symbols=True,
            options=(
                HistoryOption(name="url", title="another address in place of https://api.massive.com"),
                HistoryOption(
                    name="files",
                    title="another address in place of https://files.massive.com, the flat files, to which there are "
                    "keys of their own: MASSIVE_S3_ACCESS_KEY and MASSIVE_S3_SECRET_KEY",
                ),
            ),
            cited={
                "is_rename_told": f"{_DOCS}/rest/stocks/tickers/all-tickers: inactive ones, and until when; and "
                f"{_DOCS}/rest/stocks/corporate-actions/ticker-events: names by FIGI, which it calls experimental",
                "is_silence_told": f"{_DOCS}/rest/stocks/aggregates/custom-bars: without eligible trades there is "
                "no bar; client-python issue 1028: which was not so of two busy stocks at once",
                "silent_after_s": f"{_DOCS}/websocket/stocks/overview: plans are 15 minutes late at most; 5 more",
                "revised_until_s": "https://massive.com/knowledge-base/article/why-am-i-receiving-a-late-aggregate-bar-"
                "through-polygons-websockets: trades may be reported late; 15 minutes are assumed",
                "rows_a_page": f"{_DOCS}/rest/stocks/aggregates/custom-bars: limit, at most 50,000 base aggregates",
                "pace": "https://massive.com/pricing: 5 calls a minute without a paid plan",
            },
        ),
    ),
    extra="massive",
    keys="MASSIVE_API_KEY in the environment, or a file of mode 600",
)
