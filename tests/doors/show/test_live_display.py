"""Where a live run is served stands on the terminal whole, however narrow it is."""

import io

import pytest
from rich.console import Console

from actors.doors.show import paper
from actors.doors.show.live_display import display
from tests.builders import at

PAGE = f"page at http://10.0.0.7:43647/?k={'x' * 90}"
METRICS = "metrics at http://10.0.0.7:9464/metrics"


@pytest.mark.parametrize("is_terminal", [True, False])
def test_every_address_has_a_line_to_itself_and_is_not_cut_off(
    is_terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = io.StringIO()
    console = Console(
        file=told,
        width=80,
        force_terminal=is_terminal,
        legacy_windows=False,
        highlight=False,
        _environ={"TERM": "xterm"},
    )
    monkeypatch.setattr(paper, "err", lambda: console)

    with display("XNYS live from simulated", (PAGE, METRICS), "America/New_York", lambda: at("10:00")):
        pass

    lines = told.getvalue().splitlines()
    assert PAGE in lines
    assert METRICS in lines
