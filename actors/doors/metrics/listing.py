"""The ``metrics`` command: which there are, and a dashboard of them."""

from msgspec import structs

from actors.doors.metrics.families import FAMILIES
from actors.doors.metrics.grafana import dashboard as grafana_dashboard
from actors.doors.show import figures, paper
from actors.doors.show.paper import Column, Sheet


def names(*, as_json: bool) -> None:
    """Print every metric and what it means."""
    if as_json:
        paper.show_json({"metrics": [structs.replace(family, name=family.exposed) for family in FAMILIES]})
        return
    columns = ("Metric", "Kind", "Labels", "Meaning")
    sheet = Sheet("What a run serves with --metrics", [Column(title, is_text=True) for title in columns])
    for family in FAMILIES:
        sheet.add(family.exposed, family.kind, ", ".join(family.labels) or figures.NOTHING, family.help)
    paper.show(sheet, "And process_...: memory, processor time and open files of the process, where the system tells.")


def dashboard() -> None:
    """Print a dashboard as Grafana imports it."""
    paper.show_json(grafana_dashboard())
