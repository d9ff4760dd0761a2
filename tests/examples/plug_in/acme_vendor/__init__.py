"""ACME: files with a line a minute, and a feed that sends one bar."""

from actors.vendors.vendor import FeedEntry, Vendor

VENDOR = Vendor(
    name="acme",
    title="ACME's pipes",
    formats={"acme": "acme_vendor.files:ACME"},
    feeds=(FeedEntry(name="acme", title="one bar of ACME", opens="acme_vendor.feed:open_acme", takes=("from",)),),
)
