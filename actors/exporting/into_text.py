"""Export into files of text: ``DIR.csv/calendar=XNYS/date=2024-07-02/bars.csv``, as Hive names partitions.

Beside a day's bars lie ``_runs.csv``, its minutes without a bar of which it is known why, ``_prints.csv``, how it was
lived, its certificates, and ``_day.json``, which is written last: a day without it is not there.
"""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import msgspec

from actors.exporting.tables import adjusted_of, bars_of, prints_of, runs_of
from actors.exporting.targets import AdjustedRuns, Held
from actors.kernel.adjusted import AdjustedRun
from actors.kernel.ports import StoredDay
from actors.storage.atomic import replacing
from actors.storage.journal.prints import digest_of
from actors.storage.segments import SegmentOf
from messages.certificates import SessionCertificate
from messages.errors import UNREADABLE, DataError
from messages.history import Adjustment
from messages.tables.columns import Prints

_DAY = "_day.json"


class _Day(msgspec.Struct):
    tz: str
    interval: str
    symbols: tuple[str, ...]
    digest: str | None
    lived: "_Lived | None" = None


class _Lived(msgspec.Struct):
    """What ``_prints.csv`` does not say."""

    interval: str
    grace_ns: int
    members: tuple[str, ...]
    digest: str


class TextTarget:
    """A folder that takes days.

    Args:
        folder: where; made if it is not there.
        segment_of: which part of the day each start lies in.

    Raises:
        DataError: it is a file, or cannot be made.
    """

    def __init__(self, folder: Path, segment_of: SegmentOf) -> None:
        self._folder = folder
        self._segment_of = segment_of
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(f"{folder} is to be a folder of files of text, but: {error.strerror or error}") from error

    @property
    def name(self) -> str:
        """Where it is."""
        return str(self._folder)

    def held(self, calendar: str) -> dict[str, Held]:
        """Return the days that are there, by their dates."""
        found = {}
        for path in self._of(calendar).glob(f"date=*/{_DAY}"):
            try:
                day = msgspec.json.decode(path.read_bytes(), type=_Day)
            except (OSError, *UNREADABLE) as error:
                raise DataError(
                    f"{path} cannot be read; take it away, and its day is exported again: {error}"
                ) from error
            lived = None if day.lived is None else day.lived.digest
            found[unquote(path.parent.name.removeprefix("date="))] = Held(frozenset(day.symbols), day.digest, lived)
        return found

    def put(
        self,
        calendar: str,
        date: str,
        day: StoredDay | None,
        certificates: Sequence[SessionCertificate] = (),
        prints: Prints | None = None,
    ) -> None:
        """Put a day, its certificates, the last of which counts, and how it was lived in the place of what is there."""
        folder = self._of(calendar) / f"date={date}"
        latest = certificates[-1] if certificates else None
        try:
            (folder / _DAY).unlink(missing_ok=True)
            for stale in folder.glob("_*"):
                stale.unlink()
            if day is not None and len(day.bars):
                _write(folder / "bars.csv", bars_of(calendar, day, self._segment_of))
            if latest is not None and latest.runs:
                _write(folder / "_runs.csv", runs_of(latest))
            if prints is not None:
                _write(folder / "_prints.csv", prints_of(prints))
            for number, certificate in enumerate(certificates, start=1):
                name = "_certificate.json" if certificate is latest else f"_certificate.{number}.json"
                with replacing(folder / name) as sink:
                    sink.write(msgspec.json.encode(certificate) + b"\n")
            with replacing(folder / _DAY) as sink:
                sink.write(msgspec.json.encode(_described(day, latest, prints)) + b"\n")
        except OSError as error:
            raise DataError(f"{folder} is not written to: {error}") from error

    def adjust(self, adjustments: Sequence[Adjustment]) -> None:
        """Put splits and dividends in the place of those that are there."""
        import pyarrow as pa

        rows = [{name: getattr(one, name) for name in Adjustment.__struct_fields__} for one in adjustments]
        try:
            _write(self._folder / "_adjustments.csv", pa.Table.from_pylist(rows))
        except OSError as error:
            raise DataError(f"{self._folder} is not written to: {error}") from error

    def change_adjusted(self, calendar: str, changed: Callable[[AdjustedRuns], AdjustedRuns]) -> None:
        """Put what becomes of what it knows of adjusted prices of a calendar's days in its place."""
        path = self._of(calendar) / "_adjusted.csv"
        try:
            old = _read_adjusted(path)
            new = changed(old)
            if new != old:
                _write(path, adjusted_of(new))
        except (OSError, TypeError) as error:
            raise DataError(f"{path} cannot be read, or is not written to: {error}") from error

    def close(self) -> None:
        """Do nothing: every file is closed once it is written."""

    def _of(self, calendar: str) -> Path:
        return self._folder / f"calendar={quote(calendar, safe='').replace('.', '%2E')}"


def _described(day: StoredDay | None, certificate: SessionCertificate | None, prints: Prints | None) -> _Day:
    made = _Day(tz="", interval="", symbols=(), digest=None if certificate is None else certificate.digest)
    if day is not None:
        made.tz, made.interval, made.symbols = day.tz, str(day.bars.interval), day.bars.symbols
    if prints is not None:
        made.lived = _Lived(
            interval=str(prints.interval),
            grace_ns=prints.grace_ns,
            members=prints.members,
            digest=digest_of(prints),
        )
    return made


def _read_adjusted(path: Path) -> AdjustedRuns:
    """Return what a file says that was written here.

    Raises:
        OSError: it cannot be read.
        TypeError: it has other columns.
    """
    if not path.exists():
        return ()
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(AdjustedRun(**row) for row in csv.DictReader(file))


def _write(path: Path, table: Any) -> None:
    from pyarrow import csv as arrow_csv

    with replacing(path) as sink:
        arrow_csv.write_csv(table, sink, arrow_csv.WriteOptions(quoting_style="needed"))
