"""Nobody's in particular: text with a header, Parquet with columns, single trades."""

from actors.vendors.vendor import FeedEntry, Vendor

VENDOR = Vendor(
    name="plain",
    title="any program",
    formats={
        "parquet": "actors.vendors.plain.parquet_file:PARQUET",
        "trade-csv": "actors.vendors.plain.trade_csv:TRADE_CSV",
        "bid-ask": "actors.vendors.plain.two_sides:TWO_SIDES",
        "json": "actors.vendors.plain.json_file:JSON",
        "csv": "actors.vendors.plain.csv_file:CSV",
    },
    feeds=(
        FeedEntry(
            name="jsonlines",
            title="lines of JSON from any program",
            opens="actors.vendors.plain.open_feed:open_jsonlines",
            takes=("from", "trades-only"),
        ),
    ),
)
