"""What is served beside a run, as the command line says it."""

import sys
from pathlib import Path

import pytest

from actors.doors.cli import plain_help
from actors.doors.web.serving import Served
from tests.doors.conftest import Call


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["--web"], ["--web", "8800"]),
        (["--web", "9000"], ["--web", "9000"]),
        (["--web", "0", "--last", "1"], ["--web", "0", "--last", "1"]),
        (["--web", "--last", "1"], ["--web", "8800", "--last", "1"]),
        (["--web=7"], ["--web=7"]),
        ([], []),
    ],
)
def test_a_page_without_a_port_is_at_the_usual_one(words: list[str], meant: list[str]) -> None:
    assert list(plain_help._with_port(words)) == meant


def test_one_port_serves_both_where_both_are_asked_for_there() -> None:
    assert Served(page=8800, metrics=8800).ports == (8800,)
    assert Served(page=8800, metrics=9464).ports == (8800, 9464)
    assert Served().ports == ()


@pytest.mark.parametrize(
    ("option", "library", "extra"),
    [("--web", "starlette.responses", "web"), ("--metrics", "prometheus_client", "metrics")],
)
def test_a_library_that_is_not_there_is_named_with_what_brings_it(
    call: Call, store: Path, monkeypatch: pytest.MonkeyPatch, option: str, library: str, extra: str
) -> None:
    for name in ("actors.doors.web.page", "actors.doors.metrics.collector", "actors.doors.metrics.routes"):
        monkeypatch.delitem(sys.modules, name, raising=False)
        monkeypatch.delattr(name, raising=False)  # of its package, which would give it all the same
    monkeypatch.setitem(sys.modules, library, None)
    answer = call("backtest", "--store", store, "--last", "1", option, "0")

    assert answer.code == 1
    assert f"pip install 'barkeeper[{extra}]'" in answer.err


def test_a_store_that_is_not_there_has_no_page(call: Call, tmp_path: Path) -> None:
    answer = call("dashboard", "--store", tmp_path / "none")

    assert answer.code == 1
    assert "none" in answer.err
