"""Binance: klines as its data archive packs them."""

from actors.vendors.vendor import Vendor

VENDOR = Vendor(
    name="binance", title="Binance's data archive", formats={"binance": "actors.vendors.binance.files:BINANCE"}
)
