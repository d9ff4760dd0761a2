"""freqtrade: candles and trades as it downloads them."""

from actors.vendors.vendor import Vendor

VENDOR = Vendor(
    name="freqtrade",
    title="freqtrade's downloads",
    formats={
        "freqtrade-trades": "actors.vendors.freqtrade.trades:FREQTRADE_TRADES",
        "freqtrade": "actors.vendors.freqtrade.candles:FREQTRADE",
    },
)
