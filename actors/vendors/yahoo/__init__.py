"""Yahoo Finance: what yfinance writes, one ticker or many."""

from actors.vendors.vendor import Vendor

VENDOR = Vendor(
    name="yahoo",
    title="Yahoo Finance, by yfinance",
    formats={"yahoo": "actors.vendors.yahoo.flat:YAHOO", "yfinance": "actors.vendors.yahoo.yfinance:YFINANCE"},
)
