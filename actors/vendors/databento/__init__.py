"""Databento: DBN files, with the instruments that their numbers stand for."""

from actors.vendors.vendor import Vendor

VENDOR = Vendor(
    name="databento",
    title="Databento's DBN files, and its CSV",
    formats={
        "databento": "actors.vendors.databento.files:DATABENTO",
        "databento-parquet": "actors.vendors.databento.table:DATABENTO_PARQUET",
        "databento-csv": "actors.vendors.databento.text:DATABENTO_CSV",
    },
    extra="databento",
)
