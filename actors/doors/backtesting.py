"""The ``backtest`` command: a store's sessions through the real system."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from actors.doors import figures, paper, tables
from actors.doors.playing import Replay, play
from actors.doors.progress import replay_bar
from actors.system import System


def backtest(store: Path, *, as_json: bool, **options: Any) -> None:
    """Play what the options of ``System.backtest`` ask for and print what it came to.

    Raises:
        BarkeeperError: it cannot be played, or it ended in an error; then nothing is printed as a result.
    """
    with System.backtest(store, **options) as system, replay_bar() as show_progress:
        replay = play(system, show_progress)
    if as_json:
        paper.show_json(replay.result())
    else:
        paper.show(*_parts(replay))


def _parts(replay: Replay) -> Iterator[paper.Sheet | str]:
    yield tables.sessions(replay)
    if replay.bars != sum(int(report.bars.sum()) for report in replay.sessions):
        yield f"{figures.count(replay.bars)} bars were played: tables count those of regular minutes.\n"
    if len(tables.symbols_of(replay.sessions)) <= tables.FEW_SYMBOLS:
        yield tables.symbols(replay.sessions)
