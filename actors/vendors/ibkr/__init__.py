"""Interactive Brokers: bars as ib_insync and ib_async frame them."""

from actors.vendors.vendor import Vendor

VENDOR = Vendor(
    name="ibkr",
    title="Interactive Brokers, by ib_insync or ib_async",
    formats={"ibkr": "actors.vendors.ibkr.files:IBKR"},
)
