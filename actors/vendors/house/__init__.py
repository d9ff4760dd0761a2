"""The house's own feeds: a market that it makes up, and a stored day replayed as if it were live."""

from actors.vendors.vendor import FeedEntry, Vendor

VENDOR = Vendor(
    name="house",
    title="the house itself",
    feeds=(
        FeedEntry(
            name="simulated",
            title="a market that is made up",
            opens="actors.vendors.house.open_feed:open_simulated",
            takes=("speed", "start", "trades-only"),
            is_of_today=False,
        ),
        FeedEntry(
            name="replay",
            title="a stored day as if it were live",
            opens="actors.vendors.house.open_feed:open_replay",
            takes=("speed", "start", "from"),
            is_of_today=False,
        ),
    ),
)
