"""ccxt: the crypto exchanges that it speaks to, over a hundred, most of them without any key."""

from actors.vendors.history.entry import HistoryEntry, HistoryOption, Pace
from actors.vendors.vendor import FeedEntry, Vendor

_MANUAL = "https://docs.ccxt.com/#/README"

VENDOR = Vendor(
    name="ccxt",
    title="crypto exchanges, through ccxt",
    feeds=(
        FeedEntry(
            name="ccxt",
            title="a crypto exchange by its name, as ccxt:kraken; no key is needed",
            opens="actors.vendors.ccxt.open_feed:open_ccxt",
            takes=("channels",),
            variant="exchange",
            calendars={"": "24/7"},
            histories={"": "ccxt:{variant}"},
        ),
    ),
    history=(
        HistoryEntry(
            name="ccxt",
            title="a crypto exchange by its name, as ccxt:kraken",
            opens="actors.vendors.ccxt.open_history:open_ccxt",
            calendar="24/7",
            is_silence_told=False,
            pace=(Pace(requests=1, seconds=1.0),),
            needs_keys=False,
            options=(
                HistoryOption(
                    name="silence",
                    title="told: a minute without a candle was not traded, if you know that of the exchange",
                    choices=("told", "unknown"),
                ),
                HistoryOption(
                    name="bars",
                    title="candles, or folded here from trades; usually its candles, Kraken's from trades",
                    choices=("candles", "trades"),
                ),
                HistoryOption(name="url", title="https://HOST of a mirror or proxy, in place of the exchange's own"),
            ),
            cited={
                "is_rename_told": f"{_MANUAL}?id=market-structure: active, whether a market is still traded, is all",
                "is_silence_told": "https://github.com/ccxt/ccxt/blob/master/examples/py/validate-paginated-data.py: "
                "exchanges have gaps in their candles. Of what is folded from trades it is told: "
                "a minute without any has none",
                "silent_after_s": "of what is folded from trades, a minute: for the clocks, and for late reports",
                "pace": f"{_MANUAL}?id=rate-limit: rateLimit, milliseconds between two requests, of each exchange",
                "tapes": f"{_MANUAL}?id=ohlcv-candlestick-charts: the last candle may be incomplete until it is closed",
            },
        ),
    ),
    extra="ccxt",
)
