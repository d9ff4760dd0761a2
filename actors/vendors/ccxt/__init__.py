"""ccxt: the crypto exchanges that it speaks to, over a hundred, most of them without any key."""

from actors.vendors.vendor import FeedEntry, Vendor

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
        ),
    ),
    extra="ccxt",
)
