"""Massive, formerly Polygon: flat files of a whole market's day, and its live stream of stocks."""

from actors.vendors.vendor import FeedEntry, Vendor

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
        ),
    ),
    extra="massive",
    keys="MASSIVE_API_KEY in the environment, or a file of mode 600",
)
