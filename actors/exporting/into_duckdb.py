"""Export into a file of DuckDB: the tables that a store in PostgreSQL has, ``runs`` among them as a table."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from actors.exporting.tables import BARS, PRINTS, RUNS, bars_of, prints_of, runs_of
from actors.exporting.targets import AdjustedRuns, Held
from actors.kernel.adjusted import AdjustedRun
from actors.kernel.ports import StoredDay
from actors.storage.journal.prints import digest_of
from actors.storage.segments import SegmentOf
from messages.certificates import SessionCertificate
from messages.errors import DataError, SettingsError
from messages.history import Adjustment
from messages.tables.columns import EXTRA_FIELDS, FIELDS, Prints

_KEY = {"calendar": "VARCHAR", "date": "DATE"}
_SHAPES: dict[str, dict[str, str]] = {
    "bars": {
        **_KEY,
        "symbol": "VARCHAR",
        "start": "TIMESTAMP WITH TIME ZONE",
        **dict.fromkeys((*FIELDS, *EXTRA_FIELDS), "DOUBLE"),
        "verdict": "VARCHAR",
        "segment": "VARCHAR",
    },
    "days": {**_KEY, "tz": "VARCHAR", "interval": "VARCHAR", "bars": "BIGINT", "symbols": "VARCHAR[]"},
    "runs": {
        **_KEY,
        "symbol": "VARCHAR",
        "verdict": "VARCHAR",
        "first": "TIMESTAMP WITH TIME ZONE",
        "until": "TIMESTAMP WITH TIME ZONE",
        "source": "VARCHAR",
    },
    "lived": {**_KEY, "interval": "VARCHAR", "grace_ns": "BIGINT", "members": "VARCHAR[]", "digest": "VARCHAR"},
    "prints": {
        **_KEY,
        "place": "INTEGER",
        "symbol": "VARCHAR",
        "start": "TIMESTAMP WITH TIME ZONE",
        "known": "TIMESTAMP WITH TIME ZONE",
        "nanos": "SMALLINT",
        **dict.fromkeys((*FIELDS, *EXTRA_FIELDS), "DOUBLE"),
        "verdict": "VARCHAR",
    },
    "certificates": {**_KEY, "earlier": "INTEGER", "digest": "VARCHAR", "certificate": "VARCHAR"},
    "adjustments": {"symbol": "VARCHAR", "ex_date": "DATE", "split_ratio": "DOUBLE", "dividend": "DOUBLE"},
    "adjusted": {"calendar": "VARCHAR", "symbol": "VARCHAR", **dict.fromkeys(("first", "last", "as_of"), "DATE")},
}


class DuckdbTarget:
    """A file that takes days.

    Args:
        path: of the file; made if it is not there.
        segment_of: which part of the day each start lies in.

    Raises:
        DataError: it cannot be opened, or has tables of another shape.
        SettingsError: DuckDB is not installed.
    """

    def __init__(self, path: Path, segment_of: SegmentOf) -> None:
        try:
            import duckdb
        except ImportError as error:
            raise SettingsError(
                f"a file of DuckDB needs duckdb: python -m pip install 'barkeeper[duckdb]' ({error})"
            ) from error
        self._errors = duckdb.Error
        self._path = path
        self._segment_of = segment_of
        try:
            self._file = duckdb.connect(path)
        except duckdb.Error as error:
            raise self._refused(error) from error
        self._check_shape()

    @property
    def name(self) -> str:
        """Where it is."""
        return f"duckdb:{self._path}"

    def held(self, calendar: str) -> dict[str, Held]:
        """Return the days that are there, by their dates."""
        rows = self._run(
            "select strftime(date, '%Y-%m-%d'), symbols, c.digest, l.digest from days full join"
            " (select calendar, date, digest from certificates where earlier = 0) c using (calendar, date)"
            " left join lived l using (calendar, date) where calendar = ?",
            [calendar],
        ).fetchall()
        return {date: Held(frozenset(symbols or ()), *digests) for date, symbols, *digests in rows}

    def put(
        self,
        calendar: str,
        date: str,
        day: StoredDay | None,
        certificates: Sequence[SessionCertificate] = (),
        prints: Prints | None = None,
    ) -> None:
        """Put a day, its certificates, the last of which counts, and how it was lived in the place of what is there."""
        self._run("begin")
        try:
            for table in ("bars", "days", "runs", "certificates", "lived", "prints"):
                self._run(f"delete from {table} where calendar = ? and date = ?", [calendar, date])  # noqa: S608  # ours
            if day is not None and len(day.bars):
                self._put_table("bars", calendar, date, BARS, bars_of(calendar, day, self._segment_of))
                known = [day.tz, str(day.bars.interval), len(day.bars), list(day.bars.symbols)]
                self._run("insert into days values (?, ?, ?, ?, ?, ?)", [calendar, date, *known])
            for before, certificate in enumerate(certificates):
                text = msgspec.json.encode(certificate).decode()
                known = [(before + 1) % len(certificates), certificate.digest, text]
                self._run("insert into certificates values (?, ?, ?, ?, ?)", [calendar, date, *known])
            self._put_table("runs", calendar, date, RUNS, runs_of(certificates[-1] if certificates else None))
            if prints is not None:
                lived = [str(prints.interval), prints.grace_ns, list(prints.members), digest_of(prints)]
                self._run("insert into lived values (?, ?, ?, ?, ?, ?)", [calendar, date, *lived])
                self._put_table("prints", calendar, date, PRINTS, prints_of(prints))
        except BaseException:
            self._file.rollback()
            raise
        self._run("commit")

    def adjust(self, adjustments: Sequence[Adjustment]) -> None:
        """Put splits and dividends in the place of those that are there."""
        self._run("begin")
        self._run("delete from adjustments")
        for one in adjustments:
            known = [one.symbol, one.ex_date, one.split_ratio, one.dividend]
            self._run("insert into adjustments values (?, ?, ?, ?)", known)
        self._run("commit")

    def change_adjusted(self, calendar: str, changed: Callable[[AdjustedRuns], AdjustedRuns]) -> None:
        """Put what becomes of what it knows of adjusted prices of a calendar's days in its place."""
        asked = "select symbol, first::varchar, last::varchar, as_of::varchar from adjusted where calendar = ?"
        old = tuple(sorted(AdjustedRun(*row) for row in self._run(asked, [calendar]).fetchall()))
        new = changed(old)
        if new == old:
            return
        self._run("begin")
        self._run("delete from adjusted where calendar = ?", [calendar])
        for run in new:
            self._run("insert into adjusted values (?, ?, ?, ?, ?)", [calendar, *msgspec.structs.astuple(run)])
        self._run("commit")

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _put_table(self, name: str, calendar: str, date: str, columns: Sequence[str], table: Any) -> None:
        self._file.register("given", table)
        picked = ", ".join(f'"{column}"' for column in columns)
        self._run(f"insert into {name} select ?, ?, {picked} from given", [calendar, date])  # noqa: S608  # ours
        self._file.unregister("given")

    def _check_shape(self) -> None:
        """Make the tables that are not there."""
        asked = "select table_name, column_name, data_type from duckdb_columns() where schema_name = 'main'"
        found: dict[str, dict[str, str]] = {}
        for table, column, kind in self._run(f"{asked} and not internal").fetchall():
            found.setdefault(table, {})[column] = kind
        for table, shape in _SHAPES.items():
            if table in found and found[table] != shape:
                wrong = next((name for name in shape if found[table].get(name) != shape[name]), "")
                told = f"expected a column {wrong!r} of {shape[wrong]}" if wrong else "it has more columns"
                other = f", found {found[table].get(wrong, 'no such column')}" if wrong else ""
                raise DataError(
                    f"{self._path}: the table {table} is of another shape: {told}{other}; name another file"
                )
        for table, shape in _SHAPES.items():
            columns = ", ".join(f'"{name}" {kind}' for name, kind in shape.items())
            self._run(f"create table if not exists {table} ({columns})")

    def _run(self, asked: str, given: Sequence[object] = ()) -> Any:
        try:
            return self._file.execute(asked, given)
        except self._errors as error:
            raise self._refused(error) from error

    def _refused(self, error: Exception) -> DataError:
        return DataError(f"{self._path} is not written to: {str(error).splitlines()[0]}")
