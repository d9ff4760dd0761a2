"""The doors' fixtures: a small store, and the command line called in this process."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from actors.doors.cli.app import main
from actors.feeds.simulated.market import SimulatedMarket
from actors.market.calendar import Calendar
from actors.storage.parquet import ParquetStore

MARKET = SimulatedMarket.of_size(3, quiet=0.1)
DAYS = ("2024-07-02", "2024-07-03")


class Answer(NamedTuple):
    """What a call of the program came to."""

    code: int
    out: str
    err: str

    @property
    def object(self) -> Any:
        """The one JSON object on stdout; anything else there is an error."""
        return msgspec.json.decode(self.out)


Call = Callable[..., Answer]


@pytest.fixture(autouse=True)
def _plain_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the terminal that runs the tests colours or cuts what they read."""
    for name in ("FORCE_COLOR", "COLUMNS", "GITHUB_ACTIONS", "PY_COLORS", "TTY_COMPATIBLE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    """Call the program with these arguments."""

    def calling(*arguments: str | Path) -> Answer:
        code = main([str(argument) for argument in arguments])
        return Answer(code, *capsys.readouterr())

    return calling


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three symbols on a whole day and on a half-day."""
    folder = tmp_path_factory.mktemp("doors") / "store"
    with closing(ParquetStore(folder)) as files:
        for session in Calendar("XNYS").sessions(*DAYS):
            files.merge("XNYS", session.date, MARKET.day(session))
    return folder


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A store without a day."""
    (tmp_path / "empty").mkdir()
    return tmp_path / "empty"
