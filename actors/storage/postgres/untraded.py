"""The minutes of a day that nobody traded, as far as that was found out while it ran, in PostgreSQL: a row a run."""

from collections.abc import Sequence

from actors.storage.beside.untraded import joined
from actors.storage.postgres.of_day import OfDay
from messages.values import Verdict, VerdictRun

_ALL = "select symbol, start_ns, end_ns, source from {schema}.untraded where {day}"
_FORGET = "delete from {schema}.untraded where {day}"
_NOTE = (
    "insert into {schema}.untraded (calendar, date, symbol, start_ns, end_ns, source)"
    " select %(calendar)s, %(date)s::date, * from"
    " unnest(%(symbols)s::text[], %(starts)s::bigint[], %(ends)s::bigint[], %(sources)s::text[])"
)


class UntradedTable(OfDay):
    """Those of one day, in a transaction."""

    def read(self) -> tuple[VerdictRun, ...]:
        """Return them, sorted."""
        return joined(
            VerdictRun(symbol=symbol, verdict=Verdict.NO_TRADE, start_ns=start_ns, end_ns=end_ns, source=source)
            for symbol, start_ns, end_ns, source in self._run(_ALL)
        )

    def note(self, runs: Sequence[VerdictRun]) -> None:
        """Keep more of them."""
        old = self.read()
        new = joined((*old, *runs))
        if new != old:
            self.put(new)

    def put(self, runs: Sequence[VerdictRun]) -> None:
        """Put some in the place of those that are there."""
        self._run(_FORGET)
        if runs:
            self._run(
                _NOTE,
                symbols=[run.symbol for run in runs],
                starts=[run.start_ns for run in runs],
                ends=[run.end_ns for run in runs],
                sources=[run.source for run in runs],
            )
