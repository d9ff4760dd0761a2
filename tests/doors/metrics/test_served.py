"""Metrics and health over HTTP, of a real system."""

import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from actors.doors.web.serving import Served, serving
from actors.system import System
from messages.errors import SettingsError
from tests.doors.conftest import Call
from tests.doors.web.visitor import ask


def port_of(line: str) -> int:
    return urllib.parse.urlsplit(line.split()[2]).port or 0


@pytest.fixture
def system(store: Path) -> Iterator[System]:
    with System.backtest(store, last=1) as started:
        yield started


def test_a_started_system_is_healthy_and_tells_its_metrics(system: System) -> None:
    with serving(system, Served(metrics=0)) as (line,):
        health = ask(port_of(line), "/healthz")
        scraped = ask(port_of(line), "/metrics", accept="application/openmetrics-text")
    families = {family.name: family for family in text_string_to_metric_families(scraped.body.decode())}

    assert (health.status, health.object) == (200, {"health": "healthy", "reasons": []})
    assert scraped.headers["cache-control"] == "no-store"
    assert families["barkeeper_symbols"].samples[0].value == 3
    assert families["barkeeper_session_minutes_expected"].samples[0].value == 210


def test_a_system_that_is_closed_is_not_healthy_and_says_why(store: Path) -> None:
    system = System.backtest(store, last=1)
    with serving(system, Served(metrics=0)) as (line,):
        before = ask(port_of(line), "/healthz")
        with system:
            pass
        after = ask(port_of(line), "/healthz")
        scraped = ask(port_of(line), "/metrics")

    assert (before.status, after.status) == (503, 503)
    assert after.object["health"] == "silent"
    assert "closed" in after.object["reasons"][0]
    assert b"barkeeper_up 0.0" in scraped.body


def test_a_port_that_is_taken_is_refused_in_one_sentence(system: System) -> None:
    with (
        serving(system, Served(metrics=0)) as (line,),
        pytest.raises(SettingsError, match=f"port {port_of(line)}: .*in use; name another port"),
        serving(system, Served(metrics=port_of(line))),
    ):
        pass


def test_nothing_is_served_that_nobody_asked_for(system: System) -> None:
    with serving(system, Served()) as lines:
        assert not lines


@pytest.mark.slow
def test_a_backtest_says_where_its_metrics_are(call: Call, store: Path) -> None:
    answer = call("backtest", "--store", store, "--last", "1", "--metrics", "0")

    assert answer.code == 0
    assert "metrics at http://127.0.0.1:" in answer.err


def test_the_metrics_are_listed_and_a_dashboard_is_printed(call: Call) -> None:
    names, dashboard = call("metrics", "--json"), call("metrics", "--grafana")

    assert {"barkeeper_up", "barkeeper_gaps_open"} <= {family["name"] for family in names.object["metrics"]}
    assert dashboard.object["title"] == "Barkeeper"
    assert "barkeeper_feed_items_total" in call("metrics").out
    assert "barkeeper_feed_items_total" in {family["name"] for family in names.object["metrics"]}
