"""Databento: DBN files with the instruments in them, and its live gateways."""

from actors.vendors.vendor import FeedEntry, Vendor

VENDOR = Vendor(
    name="databento",
    title="Databento's DBN files, its CSV, and its live API",
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
            calendars={"glbx.mdp3": "CMES", "xeur.eobi.xeur": "XEUR", "ifus.impact.ifus": "IEPA"},
        ),
    ),
    extra="databento",
    keys="DATABENTO_API_KEY in the environment, or a file of mode 600",
)
