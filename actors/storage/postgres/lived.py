"""How a day was lived, in PostgreSQL: a row each time that something became known, and one of the day as a whole.

While a day goes on only what has come is added. The digest of all rows is kept: who changes one is found out.
"""

import numpy as np

from actors.storage.barfile import ALL
from actors.storage.dayrows import VERDICTS
from actors.storage.journal.prints import continued, digest_of
from actors.storage.postgres.of_day import OfDay
from actors.storage.postgres.rows import (
    MICRO_NS,
    Column,
    Texts,
    dates_of,
    encoded,
    micros_of,
    nanos_of,
    or_empty,
)
from actors.storage.postgres.tables import PRINTS
from messages.errors import DataError
from messages.tables.columns import Prints, freeze
from messages.values import Interval, Nanos

_HEAD = "select interval, fields, grace_ns, symbols, members, digest from {schema}.lived where {day}"
_DESCRIBE = (
    "insert into {schema}.lived (calendar, date, interval, fields, grace_ns, symbols, members, digest) values"
    " (%(calendar)s, %(date)s, %(interval)s, %(fields)s, %(grace_ns)s, %(symbols)s, %(members)s, %(digest)s)"
)
_NEW = f"copy {{schema}}.prints ({', '.join(PRINTS)}) from stdin (format binary)"
_FORGET_HEAD = "delete from {schema}.lived where {day}"
_FORGET = "delete from {schema}.prints where {day}"


class LivedTable(OfDay):
    """When what was known of one day, in a transaction."""

    def read(self) -> Prints | None:
        """Return it; ``None``: nobody has written it down.

        Raises:
            DataError: it is not what was written.
        """
        found = self._run(_HEAD).fetchone()
        if found is None:
            return None
        interval, fields, grace_ns, symbols, members, digest = found
        picked = {"place": "i4", "start": "i8", "known": "i8", "nanos": "i2"}
        rows = self._copy_out("prints", symbols, picked, ("place",))
        prints = Prints(
            symbols=tuple(symbols),
            symbol_index=freeze(rows["symbol"]),
            start_ns=freeze(nanos_of(rows["start"])),
            known_ns=freeze(nanos_of(rows["known"]) + rows["nanos"]),
            verdicts=freeze(rows["verdict"]),
            values=freeze(np.array([rows[name] for name in ALL[:fields]])),
            members=tuple(members),
            grace_ns=grace_ns,
            interval=Interval.parse(interval),
        )
        if digest_of(prints) != digest:
            raise DataError(
                f"how {self._calendar} was lived on {self._date} is not what was written: the rows in the schema "
                f"{self._schema} do not have the digest {digest}"
            )
        return prints

    def grace(self) -> Nanos | None:
        """Return how long minutes stayed open, if the day was lived."""
        found = self._run(_HEAD).fetchone()
        return None if found is None else int(found[2])

    def keep(self, prints: Prints) -> None:
        """Keep what came, in addition to what an earlier run of the day knew.

        Raises:
            DataError: what is there is not what was written, or an instant cannot be kept.
        """
        old = self.read()
        new = continued(old, prints)
        held = 0 if old is None else len(old)
        is_more = old is not None and held <= len(new) and new.where(np.arange(len(new)) < held) == old
        if not is_more:
            self._run(_FORGET)
        self._write(new, held if is_more else 0)

    def put(self, prints: Prints | None) -> None:
        """Put it in the place of what is there; ``None``: nothing is known of it."""
        self._run(_FORGET)
        if prints is None:
            self._run(_FORGET_HEAD)
        else:
            self._write(prints, 0)

    def _write(self, prints: Prints, held: int) -> None:
        """Add the rows from one on, and describe all."""
        self._run(_FORGET_HEAD)
        self._run(
            _DESCRIBE,
            interval=str(prints.interval),
            fields=len(prints.values),
            grace_ns=prints.grace_ns,
            symbols=list(prints.symbols),
            members=list(prints.members),
            digest=digest_of(prints),
        )
        if held < len(prints):
            self._copy_in(_NEW, encoded(self._columns(prints, held)))

    def _columns(self, prints: Prints, held: int) -> dict[str, Column]:
        count = len(prints) - held
        nanos = prints.known_ns[held:] % MICRO_NS
        values = prints.values[:, held:]
        fields = [*values, *(np.full(count, np.nan) for _ in range(len(values), len(ALL)))]
        return {
            "calendar": self._calendar,
            "date": dates_of(self._date, count),
            "place": np.arange(held, len(prints), dtype=np.int32),
            "symbol": Texts(prints.symbols, prints.symbol_index[held:]),
            "start": micros_of(prints.start_ns[held:]),
            "known": micros_of(prints.known_ns[held:] - nanos),
            "nanos": nanos.astype(np.int16),
            **dict(zip(ALL, map(or_empty, fields), strict=True)),
            "verdict": Texts([*VERDICTS], prints.verdicts[held:]),
        }
