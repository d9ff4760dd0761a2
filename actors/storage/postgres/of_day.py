"""What a schema has of one day, in a transaction that somebody else has begun."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from actors.storage.barfile import ALL
from actors.storage.dayrows import VERDICTS
from actors.storage.postgres.rows import decoded
from actors.storage.postgres.tables import in_schema

if TYPE_CHECKING:
    from psycopg import Cursor
    from psycopg.sql import Composed

_READ = (
    "copy (select {picked}, s.place::int4, v.place::int4 from {table} r"
    " join unnest({names}::text[]) with ordinality as s (symbol, place) using (symbol)"
    " join unnest({verdicts}::text[]) with ordinality as v (verdict, place) using (verdict)"
    " where r.calendar = {calendar} and r.date = {date}::date and {where}) to stdout (format binary)"
)
_HASHED = "set local enable_nestloop = off"
"""Of a day that was written just now the server has no statistics, and would look up each bar's symbol in turn."""


class OfDay:
    """Some rows of a day.

    Args:
        cursor: in the transaction.
        schema: that has the tables.
        calendar: of the day.
        date: of the day, ISO.
    """

    def __init__(self, cursor: "Cursor", schema: str, calendar: str, date: str) -> None:
        self._cursor = cursor
        self._schema = schema
        self._calendar = calendar
        self._date = date

    def _run(self, asked: str, **given: object) -> "Cursor":
        """Run SQL of ours, in which ``%(calendar)s`` and ``%(date)s`` are the day."""
        known = {"calendar": self._calendar, "date": self._date, **given}
        return self._cursor.execute(in_schema(asked, self._schema), known)

    def _copy_in(self, asked: str, parts: Iterator[bytes]) -> None:
        with self._cursor.copy(in_schema(asked, self._schema)) as sink:
            for part in parts:
                sink.write(part)

    def _copy_out(
        self,
        table: str,
        names: Sequence[str],
        picked: Mapping[str, str],
        order_by: Sequence[str],
        where: "Composed | None" = None,
    ) -> dict[str, npt.NDArray[Any]]:
        """Return rows as columns: all fields, NaN where they are empty, ``symbol`` and ``verdict`` as numbers.

        Args:
            table: which.
            names: of the symbols, numbered in this order; of others no row is returned.
            picked: more columns, and the types of their numbers.
            order_by: in the order of which columns, the first one first.
            where: which rows of the day; all by default.
        """
        from psycopg import sql

        fields = [sql.SQL("coalesce({}, 'NaN')").format(sql.Identifier("r", name)) for name in ALL]
        asked = sql.SQL(_READ).format(
            picked=sql.SQL(", ").join([*(sql.Identifier("r", name) for name in picked), *fields]),
            table=sql.Identifier(self._schema, table),
            names=list(names),
            verdicts=list(VERDICTS),
            calendar=self._calendar,
            date=self._date,
            where=sql.SQL("true") if where is None else where,
        )
        self._cursor.execute(_HASHED)
        with self._cursor.copy(asked) as parts:
            raw = b"".join(parts)
        kinds = {**picked, **dict.fromkeys(ALL, "f8"), "symbol": "i4", "verdict": "i4"}
        columns = decoded(raw, kinds, order_by)
        columns["symbol"] -= 1  # the server counts from one
        columns["verdict"] = np.array([*VERDICTS.values()], dtype=np.uint8)[columns["verdict"] - 1]
        return columns
