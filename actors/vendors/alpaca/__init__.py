"""Alpaca: files of its market-data API, and its live stream."""

from actors.vendors.vendor import FeedEntry, Vendor

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
        ),
    ),
    extra="alpaca",
    keys="APCA_API_KEY_ID and APCA_API_SECRET_KEY in the environment, or a file of mode 600",
)
