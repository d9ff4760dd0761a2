"""Interactive Brokers: bars as ib_insync and ib_async frame them, and those that TWS sends as they happen."""

from actors.vendors.vendor import FeedEntry, Vendor

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
        ),
    ),
    extra="ibkr",
)
