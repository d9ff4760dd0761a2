"""Massive, formerly Polygon: flat files of a whole market's day."""

from actors.vendors.vendor import Vendor

VENDOR = Vendor(
    name="massive",
    title="Massive's flat files",
    formats={
        "massive": "actors.vendors.massive.files:MASSIVE",
        "massive-trades": "actors.vendors.massive.trades:MASSIVE_TRADES",
    },
)
