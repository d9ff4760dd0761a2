"""Interactive Brokers: bars as ib_insync and ib_async frame them, those that TWS sends, and those that it has."""

from actors.vendors.history.entry import HistoryEntry, Pace
from actors.vendors.vendor import FeedEntry, Vendor

_API = "https://interactivebrokers.github.io/tws-api"

VENDOR = Vendor(
    name="ibkr",
    title="Interactive Brokers, by ib_insync or ib_async",
    formats={"ibkr": "actors.vendors.ibkr.files:IBKR"},
    feeds=(
        FeedEntry(
            name="ibkr",
            title="five-second bars of Interactive Brokers, folded, from TWS or IB Gateway",
            opens="actors.vendors.ibkr.open_feed:open_ibkr",
            variant="host:port",
            histories={"": "ibkr:{variant}"},
        ),
    ),
    history=(
        HistoryEntry(
            name="ibkr",
            title="what TWS or IB Gateway has, ibkr:HOST:PORT",
            opens="actors.vendors.ibkr.open_history:open_ibkr",
            intervals=("1m", "30s", "15s", "10s", "5s"),
            is_silence_told=False,
            pace=(Pace(requests=5, seconds=2.0),),
            deadline_s=60.0,
            needs_keys=False,
            cited={
                "is_rename_told": f"{_API}/message_codes.html: 200, no such contract, is all that it says",
                "is_silence_told": "https://github.com/ib-api-reloaded/ib_async/issues/23: a minute without a trade is "
                "a row of volume 0; of one without a row nothing is said",
                "pace": f"{_API}/historical_limitations.html: of one contract fewer than six requests in two seconds; "
                "of bars of 30 s or less 60 in ten minutes, which the client keeps",
            },
        ),
    ),
    extra="ibkr",
)
