"""Vendors that only write files, each of one kind: one file here, and no folder."""

from actors.vendors.vendor import Vendor

VENDORS = (
    Vendor(
        name="histdata",
        title="HistData's archive of currencies",
        formats={"histdata": "actors.vendors.histdata:HISTDATA"},
    ),
    Vendor(
        name="dukascopy",
        title="Dukascopy's site, and JForex",
        formats={"dukascopy": "actors.vendors.dukascopy:DUKASCOPY"},
    ),
    Vendor(
        name="metatrader",
        title="MetaTrader's exports of bars",
        formats={"metatrader": "actors.vendors.metatrader:METATRADER"},
    ),
    Vendor(name="kraken", title="Kraken's OHLCVT archive", formats={"kraken": "actors.vendors.kraken:KRAKEN"}),
    Vendor(name="upbit", title="Upbit's minute candles", formats={"upbit": "actors.vendors.upbit:UPBIT"}),
    Vendor(
        name="ninjatrader",
        title="NinjaTrader's text export",
        formats={"ninjatrader": "actors.vendors.ninjatrader:NINJATRADER"},
    ),
    Vendor(
        name="backtrader",
        title="backtrader's minute text",
        formats={"backtrader": "actors.vendors.backtrader:BACKTRADER"},
    ),
    Vendor(
        name="nautilus",
        title="NautilusTrader's FXCM minutes",
        formats={"nautilus": "actors.vendors.nautilus:NAUTILUS"},
    ),
    Vendor(name="kibot", title="Kibot's one-minute text", formats={"kibot": "actors.vendors.kibot:KIBOT"}),
    Vendor(
        name="firstrate",
        title="FirstRate Data's one-minute text",
        formats={"firstrate": "actors.vendors.firstrate:FIRSTRATE"},
    ),
    Vendor(
        name="alphavantage",
        title="Alpha Vantage's intraday CSV",
        formats={"alphavantage": "actors.vendors.alphavantage:ALPHA_VANTAGE"},
    ),
)
