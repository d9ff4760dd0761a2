"""Databento: DBN files, with the instruments that their numbers stand for."""

from actors.vendors.vendor import Vendor

VENDOR = Vendor(
    name="databento",
    title="Databento's DBN files",
    formats={"databento": "actors.vendors.databento.files:DATABENTO"},
    extra="databento",
)
