"""ACME: files with a line a minute, a feed that sends one bar, and a history."""

from actors.vendors.history.entry import HistoryEntry, HistoryOption
from actors.vendors.vendor import FeedEntry, Vendor

VENDOR = Vendor(
    name="acme",
    title="ACME's pipes",
    formats={"acme": "acme_vendor.files:ACME"},
    feeds=(FeedEntry(name="acme", title="one bar of ACME", opens="acme_vendor.feed:open_acme", takes=("from",)),),
    history=(
        HistoryEntry(
            name="acme",
            title="what ACME has written down",
            opens="acme_vendor.history:open_acme",
            calendar="24/7",
            is_silence_told=True,
            options=(HistoryOption(name="path", title="the file"),),
            cited={"is_silence_told": "https://example.com/acme: a minute without a line had no trade"},
        ),
    ),
)
