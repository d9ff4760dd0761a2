"""What Prometheus reads, read by its own parsers."""

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as plain_text

from actors.doors.metrics.collector import Exposition
from actors.doors.metrics.families import FAMILIES
from actors.doors.metrics.vitals import Vitals
from messages.errors import NotReady
from tests.doors.metrics.test_readings import WHOLE

PARSERS = {"application/openmetrics-text; version=1.0.0": open_metrics, "text/plain": plain_text}


@pytest.mark.parametrize("accept", PARSERS)
def test_the_text_is_understood_in_the_format_that_was_asked_for(accept: str) -> None:
    text, media_type = Exposition(lambda: WHOLE).text(accept)
    families = {family.name: family for family in PARSERS[accept](text.decode())}
    samples = {sample.name: sample for family in families.values() for sample in family.samples}

    assert media_type.partition(";")[0] == accept.partition(";")[0]
    known = {family.name: family for family in FAMILIES if family.name != "barkeeper_feed_clock_offset_seconds"}
    assert {name for name in families if name.startswith("barkeeper")} == set(known)
    assert all(families[name].type == family.kind for name, family in known.items())
    assert samples["barkeeper_bars_total"].value == 18
    assert samples["barkeeper_minutes"].labels.keys() == {"hours", "verdict"}


def silent() -> Vitals:
    raise NotReady("the system is closed")


def test_a_run_that_does_not_answer_is_down_and_nothing_else_is_said_of_it() -> None:
    text, _ = Exposition(silent).text("text/plain")
    lines = [line for line in text.decode().splitlines() if line.startswith("barkeeper")]

    assert lines == ["barkeeper_up 0.0"]


def test_a_run_is_asked_when_it_is_scraped_and_not_before() -> None:
    asked: list[Vitals] = []

    def look() -> Vitals:
        asked.append(WHOLE)
        return WHOLE

    exposition = Exposition(look)

    assert not asked
    exposition.text("")
    exposition.text("")
    assert len(asked) == 2
