"""QuantConnect LEAN's data folder: minutes, quotes, seconds and ticks."""

from actors.vendors.vendor import Vendor

VENDOR = Vendor(
    name="lean",
    title="QuantConnect LEAN's data folder",
    formats={
        "lean-quote": "actors.vendors.lean.quotes:LEAN_QUOTE",
        "lean-second": "actors.vendors.lean.seconds:LEAN_SECOND",
        "lean-tick": "actors.vendors.lean.ticks:LEAN_TICK",
        "lean": "actors.vendors.lean.minutes:LEAN",
    },
)
