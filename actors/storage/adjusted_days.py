"""What a folder keeps of adjusted prices: ``_adjusted/AAPL@2024-01-02@2024-03-28@2026-11-30``, one name a run of days.

The names say everything and the files are empty, since polars minds files of other kinds in a data set unless they are.
"""

from pathlib import Path
from urllib.parse import quote, unquote

from actors.kernel.adjusted import AdjustedRun
from actors.storage.atomic import names
from actors.storage.merging import is_session_date

_PARTS = 4


def read_runs(folder: Path) -> tuple[AdjustedRun, ...]:
    """Return what the names in a folder say, sorted; nothing where there is none. Other names say nothing."""
    parted = [name.split("@") for name in names(folder)]
    told = [parts for parts in parted if len(parts) == _PARTS and all(map(is_session_date, parts[1:]))]
    return tuple(sorted(AdjustedRun(unquote(symbol), *dates) for symbol, *dates in told))


def write_runs(folder: Path, old: tuple[AdjustedRun, ...], new: tuple[AdjustedRun, ...]) -> None:
    """Put runs in the place of others. Who is killed meanwhile leaves both, of which none says anything wrong.

    Raises:
        OSError: the folder or the disk refuses.
    """
    if new == old:
        return
    folder.mkdir(parents=True, exist_ok=True)
    for run in set(new) - set(old):
        (folder / _name(run)).touch()
    for run in set(old) - set(new):
        (folder / _name(run)).unlink(missing_ok=True)


def _name(run: AdjustedRun) -> str:
    return "@".join((quote(run.symbol, safe=" "), run.first, run.last, run.as_of))
