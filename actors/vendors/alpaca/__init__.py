"""Alpaca: files of its market-data API, its live stream, and its history of stocks and crypto."""

from actors.vendors.history.entry import HistoryEntry, HistoryOption, Pace, Tape
from actors.vendors.vendor import FeedEntry, Vendor

_PLANS = "https://docs.alpaca.markets/docs/about-market-data-api"
_BARS = "https://docs.alpaca.markets/reference/stockbars"
_NAMES = "https://docs.alpaca.markets/reference/corporateactions-1"
_MADE = "https://alpaca.markets/learn-api/stock-minute-bars"
_FREE = (Pace(requests=200, seconds=60.0),)
_FORUM = "https://forum.alpaca.markets/t/lots-of-missing-data-in-the-historical-minute-bars-api/12417"
_URL = HistoryOption(name="url", title="another endpoint in place of https://data.alpaca.markets")
_CITED = {
    "is_silence_told": f"{_FORUM}: without eligible trades there is no bar",
    "silent_after_s": f"{_MADE}: a bar is made anew 30 seconds after its minute; four times that, for the clocks",
    "revised_until_s": f"{_MADE}: half a minute",
    "rows_a_page": f"{_BARS}: limit, 10,000 of all symbols together, sorted by symbol and time",
    "pace": f"{_PLANS}: 200 calls a minute, with Algo Trader Plus 10,000",
}

VENDOR = Vendor(
    name="alpaca",
    title="Alpaca's market data",
    formats={"alpaca": "actors.vendors.alpaca.files:ALPACA"},
    feeds=(
        FeedEntry(
            name="alpaca",
            title="Alpaca's market-data stream",
            opens="actors.vendors.alpaca.open_feed:open_alpaca",
            takes=("keys", "stream", "channels"),
            variant="stream",
            calendars={
                "boats": "BOATS",
                "overnight": "BOATS",
                "crypto": "24/7",
                "crypto-us-1": "24/7",
                "crypto-eu-1": "24/7",
            },
            histories={
                "iex": "alpaca:iex",
                "sip": "alpaca:sip",
                "delayed_sip": "alpaca:sip",
                "boats": "alpaca:boats",
                "crypto": "alpaca:crypto:us",
                "crypto-us-1": "alpaca:crypto:us-1",
                "crypto-eu-1": "alpaca:crypto:eu-1",
            },
        ),
    ),
    history=(
        HistoryEntry(
            name="alpaca",
            title="US stocks, minutes since 2016",
            opens="actors.vendors.alpaca.open_history:open_stocks",
            calendar="XNYS",
            tapes=(
                Tape(name="iex", title="IEX alone, a few percent of the volume"),
                Tape(name="sip", title="all exchanges; the free plan has it 15 minutes later", delay_s=900.0),
                Tape(name="boats", title="Blue Ocean's night session", calendar="BOATS"),
                Tape(name="otc", title="over the counter"),
            ),
            adjustments=("raw", "split", "dividend", "all"),
            is_silence_told=True,
            is_rename_told=True,
            silent_after_s=120.0,
            revised_until_s=30.0,
            most_symbols=500,
            rows_a_page=10_000,
            pace=_FREE,
            options=(_URL,),
            cited={
                **_CITED,
                "is_rename_told": f"{_NAMES}: name changes; {_BARS}: asof, by which an old name has its bars "
                "until the change, and none after it",
                "tapes": f"{_PLANS}: of SIP the free plan has not the last 15 minutes",
                "adjustments": f"{_BARS}: adjustment, raw if nothing is said",
                "most_symbols": f"{_BARS}: no number is named; an address of 4 kB goes everywhere",
            },
        ),
        HistoryEntry(
            name="alpaca:crypto",
            title="crypto traded at Alpaca, minutes since 2021",
            opens="actors.vendors.alpaca.open_history:open_crypto",
            calendar="24/7",
            tapes=(
                Tape(name="us", title="Alpaca's own venue"),
                Tape(name="us-1", title="Kraken in the USA"),
                Tape(name="eu-1", title="Kraken in Europe"),
            ),
            is_silence_told=False,
            revised_until_s=30.0,
            most_symbols=300,
            rows_a_page=10_000,
            pace=_FREE,
            needs_keys=False,
            options=(_URL,),
            cited={
                **{fact: _CITED[fact] for fact in ("revised_until_s", "rows_a_page", "pace")},
                "is_silence_told": "https://docs.alpaca.markets/reference/cryptobars: nothing is said of it",
                "is_rename_told": f"{_NAMES}: it has those of stocks only",
                "most_symbols": "no number is named; an address of 4 kB goes everywhere",
            },
        ),
    ),
    extra="alpaca",
    keys="APCA_API_KEY_ID and APCA_API_SECRET_KEY in the environment, or a file of mode 600",
)
