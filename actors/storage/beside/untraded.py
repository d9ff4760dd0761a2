"""The minutes of a day that nobody traded, as far as that was found out while it ran: a JSON file beside its bars.

It is for the hours until the day has its certificate. Of a whole market there are many runs; they are packed there too.
"""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import msgspec
import numpy as np

from actors.storage.atomic import exists, patiently, replacing
from actors.storage.beside.packed_runs import PackedRuns, packed, unpacked
from messages.errors import UNREADABLE, DataError
from messages.values import Verdict, VerdictRun

VERSION = 1


class _Noted(msgspec.Struct, frozen=True, kw_only=True):
    """What the file says."""

    version: int
    calendar: str
    date: str
    runs: tuple[VerdictRun, ...] = ()
    packed_runs: PackedRuns | None = None


def joined(runs: Iterable[VerdictRun]) -> tuple[VerdictRun, ...]:
    """Return runs that are NO_TRADE sorted, those of one symbol and source that overlap or meet as one."""
    of: dict[tuple[str, str], list[VerdictRun]] = defaultdict(list)
    for run in sorted(runs, key=lambda run: run.start_ns):
        there = of[run.symbol, run.source]
        if there and run.start_ns <= there[-1].end_ns:
            there[-1] = msgspec.structs.replace(there[-1], end_ns=max(there[-1].end_ns, run.end_ns))
        else:
            there.append(run)
    found = (run for there in of.values() for run in there)
    return tuple(sorted(found, key=lambda run: (run.symbol, run.start_ns, run.end_ns, run.source)))


def check_untraded(runs: Iterable[VerdictRun]) -> None:
    """Check that runs say no more than that nobody traded.

    Raises:
        DataError: one says something else, or has no minute.
    """
    for run in runs:
        if run.verdict is not Verdict.NO_TRADE or run.end_ns <= run.start_ns:
            raise DataError(f"expected minutes of {run.symbol} that are NO_TRADE, found {run}")


def read_untraded(path: Path, calendar: str, date: str) -> tuple[VerdictRun, ...]:
    """Return the runs that a file holds; none where there is no file.

    Raises:
        DataError: the file is damaged, or not that of the day.
    """
    if not exists(path):
        return ()
    try:
        noted = msgspec.json.decode(patiently(path.read_bytes), type=_Noted)
        _check(noted, calendar, date)
        runs = noted.runs if noted.packed_runs is None else unpacked(noted.packed_runs)
        check_untraded(runs)
    except FileNotFoundError:
        return ()
    except (*UNREADABLE, OSError, ValueError, DataError) as error:
        expected = f"expected version {VERSION} of a JSON file with the untraded minutes of {calendar} on {date}"
        raise DataError(f"{path} cannot be read: {expected}, but: {error}") from error
    return runs


def write_untraded(path: Path, calendar: str, date: str, runs: tuple[VerdictRun, ...]) -> None:
    """Write them: after a crash at any moment there is either the old file or the new one, whole.

    Raises:
        OSError: the folder or the disk refuses; an old file is as it was.
    """
    packs = packed(runs, *_grid_of(runs))
    noted = _Noted(version=VERSION, calendar=calendar, date=date, runs=() if packs else runs, packed_runs=packs)
    with replacing(path) as sink:
        sink.write(msgspec.json.encode(noted) + b"\n")


def _check(noted: _Noted, calendar: str, date: str) -> None:
    if (noted.version, noted.calendar, noted.date) != (VERSION, calendar, date):
        raise DataError(f"found version {noted.version}, of {noted.calendar} on {noted.date}")


def _grid_of(runs: tuple[VerdictRun, ...]) -> tuple[int, int]:
    """Return an instant and a length of which all runs begin and end at whole multiples."""
    bounds = np.array([(run.start_ns, run.end_ns) for run in runs], dtype=np.int64).ravel()
    first_ns = int(bounds.min())
    return first_ns, int(np.gcd.reduce(bounds - first_ns))
