"""Databento: DBN files with the instruments in them, its live gateways, and its history."""

from actors.vendors.history.entry import HistoryEntry, HistoryOption, Pace
from actors.vendors.vendor import FeedEntry, Vendor

_HISTORY = "https://databento.com/docs/api-historical"
_BARS = "https://databento.com/docs/schemas/ohlcv"

VENDOR = Vendor(
    name="databento",
    title="Databento's DBN files and CSV, its live API, and its history",
    formats={
        "databento": "actors.vendors.databento.files:DATABENTO",
        "databento-parquet": "actors.vendors.databento.table:DATABENTO_PARQUET",
        "databento-csv": "actors.vendors.databento.text:DATABENTO_CSV",
    },
    feeds=(
        FeedEntry(
            name="databento",
            title="minutes, seconds or trades of a dataset of Databento's",
            opens="actors.vendors.databento.open_feed:open_databento",
            takes=("keys", "channels"),
            variant="dataset",
            histories={"": "databento:{variant}"},
            calendars={"glbx.mdp3": "CMES", "xeur.eobi.xeur": "XEUR", "ifus.impact.ifus": "IEPA"},
        ),
    ),
    history=(
        HistoryEntry(
            name="databento",
            title="databento:DATASET, minutes and seconds of each, years of them",
            opens="actors.vendors.databento.open_history:open_databento",
            calendars={"glbx": "CMES", "ifus": "IEPA", "xeur": "XEUR"},
            intervals=("1m", "30s", "15s", "10s", "5s", "1s"),
            is_silence_told=True,
            is_silence_exact=True,
            silent_after_s=60.0,
            most_symbols=2000,
            pace=(Pace(requests=100, seconds=1.25),),
            deadline_s=60.0,
            options=(HistoryOption(name="url", title="another endpoint in place of https://hist.databento.com"),),
            cited={
                "is_rename_told": "https://databento.com/docs/api-historical/helpers/request-symbology: not_found, "
                "that a span has no such symbol, is all; new names are in the Reference API, a subscription of its own",
                "is_silence_told": f"{_BARS}: if no trade occurs within the interval, no record is printed",
                "is_silence_exact": f"{_HISTORY}/metadata/metadata-get-dataset-condition: which days lack something",
                "silent_after_s": f"{_HISTORY}: asked beyond what is there it says so (422); a minute, for the clocks",
                "most_symbols": f"{_HISTORY}/timeseries/timeseries-get-range: up to 2,000 symbols a request",
                "pace": f"{_HISTORY}/basics/rate-limits: 100 time series requests a second; a quarter more, for TLS",
            },
        ),
    ),
    extra="databento",
    keys="DATABENTO_API_KEY in the environment, or a file of mode 600",
)
