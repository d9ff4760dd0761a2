"""A day that still runs, fetched of every vendor twice: its server is not asked again for what nobody traded."""

from pathlib import Path

import pytest

from actors.fetching.fetch import FetchOptions, Wanted, fetch
from actors.fetching.report import FetchReport
from actors.storage.parquet import ParquetStore
from messages.values import MINUTE_NS, Nanos
from tests.vendors.history.test_contract import WORLDS, _bar
from tests.vendors.history.world import HistoryWorld

OVER = 90
"""So many minutes of the session are over."""
HOLES = (5, 20)


class Running:
    """A vendor's day that runs, of two symbols, the second of which was not traded in two minutes."""

    def __init__(self, kind: type[HistoryWorld], root: Path) -> None:
        first_ns = kind.session.start_ns
        whole = [_bar(kind.symbols[0], first_ns, minute, kind.most_trades) for minute in range(OVER)]
        thin = [_bar(kind.symbols[1], first_ns, minute, 3) for minute in range(OVER) if minute not in HOLES]
        self.world = kind([*whole, *thin])
        self.root = root
        self.now_ns: Nanos = first_ns + OVER * MINUTE_NS + MINUTE_NS // 2
        self.world.set_clock(self.now_ns)

    def fetched(self, **how: bool) -> tuple[FetchReport, int]:
        """What comes of it in a process that begins anew, and how many requests that takes."""
        store, source = ParquetStore(self.root), self.world.source(now_ns=lambda: self.now_ns)
        before = self.world.requests
        wanted = [Wanted(session=self.world.session, symbols=self.world.symbols[:2])]
        report = fetch(store, [source], wanted, FetchOptions(**how), now_ns=lambda: self.now_ns)
        source.close()
        store.close()
        return report, self.world.requests - before


@pytest.mark.parametrize("kind", WORLDS, ids=lambda kind: kind.__name__)
def test_what_nobody_traded_is_asked_for_once(kind: type[HistoryWorld], tmp_path: Path) -> None:
    day = Running(kind, tmp_path / "store")
    try:
        first, some = day.fetched()
        again, more = day.fetched()
        healed, others = day.fetched(is_abandoned_too=True, is_exact=True)
    finally:
        day.world.stop()
    store = ParquetStore(tmp_path / "store", read_only=True)
    session, kept = day.world.session, store.untraded(day.world.session.calendar, day.world.session.date)

    assert first.sum_of("filled") > OVER
    assert some > 0
    if kind.entry.is_silence_told:
        assert (first.sum_of("no_trade"), more, others) == (2, 0, 0)
        assert [(run.start_ns - session.start_ns) // MINUTE_NS for run in kept] == list(HOLES)
    else:
        assert (first.sum_of("no_trade"), kept) == (0, ())
        assert min(again.sum_of("asked"), healed.sum_of("asked")) >= 2
        assert min(more, others) > 0
    assert store.certificate(session.calendar, session.date) is None
