"""The dashboard asks for metrics that there are."""

import re

from actors.doors.metrics.families import FAMILIES
from actors.doors.metrics.grafana import dashboard

THERE = {family.exposed for family in FAMILIES} | {"process_resident_memory_bytes", "process_cpu_seconds_total"}


def test_every_panel_asks_for_metrics_of_the_run_that_is_chosen() -> None:
    panels = dashboard()["panels"]
    asked = [target["expr"] for panel in panels for target in panel["targets"]]

    for ask in asked:
        assert set(re.findall(r"(?:barkeeper|process)_\w+", ask)) <= THERE, ask
        assert 'job="$job"' in ask
        assert "@" not in ask


def test_no_panel_lies_on_another_and_each_has_a_name_of_its_own() -> None:
    panels = dashboard()["panels"]
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}

    assert len(places) == len({panel["id"] for panel in panels}) == len({panel["title"] for panel in panels})
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)


def test_what_is_asked_for_names_labels_that_the_metric_has() -> None:
    labels = {family.exposed: set(family.labels) for family in FAMILIES}
    for panel in dashboard()["panels"]:
        for target in panel["targets"]:
            (name,) = re.findall(r"(?:barkeeper|process)_\w+", target["expr"])
            assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= labels.get(name, set()) | {"instance"}
