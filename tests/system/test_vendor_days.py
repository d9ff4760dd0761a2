"""Live days of vendors' feeds and histories: both break, the feed loses minutes, and at the close none is lacking.

Each with the vendor's real client, and a server of ours on loopback that speaks its protocol.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import numpy as np
import pytest

from actors.feeds.port import Feed
from actors.feeds.simulated.market import SimulatedMarket
from actors.kernel.clock import SystemClock
from actors.kernel.ports import BarSource, StoredDay
from actors.market.calendar import Calendar
from actors.settings import FeedRules
from actors.storage.memory import MemoryStore
from actors.storage.parquet import ParquetStore
from actors.vendors.databento.feed import DatabentoFeed
from actors.verifying import Standing, verify_store
from messages import Bar, BarBatch, FeedLost, SessionCertificate, TradingSession, Verdict
from messages.tables.columns import freeze
from messages.values import MINUTE_NS
from tests.feeds.vendor_worlds import FarSide
from tests.patience import PATIENCE_S
from tests.system.live import DATE, FAST_UPKEEP, clock_before, live, lived, session_of
from tests.system.test_live import digest_of, replayed
from tests.system.vendor_pairs import PAIRS, Makes, alpaca_and_yahoo, alpaca_night, day_of, opened
from tests.vendors.databento.gateway import DATASET, KEY, Gateway

pytestmark = pytest.mark.slow

CLOSED = ("10:10-16:00",)
"""Hours to close so that a session is forty minutes."""
SESSION = session_of(closed=CLOSED)
NIGHT_CLOSED = ("20:00-23:40", "00:20-04:00")
"""What is left is the twenty minutes to either side of midnight."""
SPEED = 200.0
SPEEDS = {alpaca_and_yahoo: 80.0}
"""Where it is another: yfinance takes so long for an answer that a minute's tries would be over before it has come."""
DEATHS = range(2, 22)
OUTAGE = range(24, 31)
PATIENT = FeedRules(backoff_s=1.0, longest_backoff_s=5.0, report_every_s=0.02)


class Day(msgspec.Struct):
    """What a live day came to."""

    certificate: SessionCertificate
    digest: str
    replayed: str
    """The digest of what was written down."""
    losses: int
    """How often the feed's connection was lost."""


class Broadcast(threading.Thread):
    """Lets each minute happen when it is over: drops some, dies at some, and has an outage.

    Args:
        bars: of the day.
        clock: by which it happens.
        happen: lets bars be over at the vendor's, who sends them.
        server: whose connections break, and whose port is closed in the outage.
        loses: what becomes of bars that are not sent.
        share: of bars that are lost one by one.
        session: of the day.
    """

    def __init__(
        self,
        bars: Iterable[Bar],
        clock: SystemClock,
        happen: Callable[[Sequence[Bar]], None],
        server: FarSide,
        *,
        loses: Callable[[Sequence[Bar]], None] = lambda _: None,
        share: float = 0.02,
        session: TradingSession = SESSION,
    ) -> None:
        super().__init__(name="broadcast", daemon=True)
        self._minutes: dict[int, list[Bar]] = {}
        for bar in bars:
            self._minutes.setdefault(bar.start_ns, []).append(bar)
        self._clock, self._happen, self._server, self._loses = clock, happen, server, loses
        self._share, self._session = share, session
        self._chance = Random(1)

    def run(self) -> None:
        for start_ns in range(self._session.open_ns, self._session.close_ns, MINUTE_NS):
            reached = threading.Event()
            self._clock.call_at(start_ns + MINUTE_NS, lambda _, reached=reached: reached.set())  # type: ignore[misc]  # bound early
            assert reached.wait(PATIENCE_S)
            number = (start_ns - self._session.open_ns) // MINUTE_NS
            if number == OUTAGE.start:
                self._server.stop()
            elif number == OUTAGE.stop:
                self._server.start()
            if number in DEATHS:
                self._server.drop()
            sent, lost = [], []
            for bar in self._minutes.get(start_ns, []):
                (lost if self._chance.random() < self._share else sent).append(bar)
            (self._loses if number in DEATHS or number in OUTAGE else self._happen)(sent)
            self._loses(lost)


def undisturbed(bars: list[Bar], calendar: str = "XNYS", closed: tuple[str, ...] = CLOSED) -> str:
    """Return the digest of a day of which nothing was lost."""
    store, batch = MemoryStore(), BarBatch.of(bars)
    verdicts = freeze(np.full(len(batch), Verdict.STREAMED, dtype=np.uint8))
    store.merge(calendar, DATE, StoredDay(bars=batch, verdicts=verdicts))
    return replayed(store, calendar=calendar, closed=closed)[0]


def day(
    folder: Path,
    feed: Feed,
    clock: SystemClock,
    symbols: tuple[str, ...],
    sources: list[BarSource],
    on_air: Broadcast,
    calendar: str = "XNYS",
    closed: tuple[str, ...] = CLOSED,
) -> Day:
    """Live through a day, write it down and verify what was written."""
    given: dict[str, Any] = {"calendar": calendar, "closed": closed, "upkeep": FAST_UPKEEP, "feed": PATIENT}
    with live(str(folder), [feed], clock, symbols=symbols, sources=sources, **given) as system:
        on_air.start()
        told = lived(system)
        certificate = system.certificate().get(timeout=PATIENCE_S)
        digest = digest_of(system)
    assert certificate is not None
    (verified,) = verify_store(ParquetStore(folder, read_only=True)).days
    assert (verified.standing, verified.certified) == (Standing.MATCH, certificate.digest)
    losses = sum(isinstance(event, FeedLost) for event in told)
    again = replayed(str(folder), calendar=calendar, closed=closed)[0]
    return Day(certificate=certificate, digest=digest, replayed=again, losses=losses)


@pytest.mark.parametrize("make", PAIRS, ids=lambda make: make.__name__)
def test_a_day_of_a_feed_that_breaks_and_a_history_that_fails_loses_nothing(make: Makes, tmp_path: Path) -> None:
    clock = clock_before(SESSION, SPEEDS.get(make, SPEED), early_ns=2 * MINUTE_NS)
    with opened(make, SESSION, clock) as pair:
        on_air = Broadcast(pair.bars, clock, pair.happen, pair.server)
        came = day(tmp_path / "store", pair.feed, clock, pair.symbols, [pair.source], on_air)

        assert came.certificate.bar_quality == 100.0
        assert came.certificate.digest == came.digest == came.replayed == undisturbed(pair.bars)
        assert pair.source.name in {gap.source for gap in came.certificate.gaps}  # some the feed itself may close, late
        assert came.losses > len(DEATHS) // 2
        assert pair.failed() > 1
        assert pair.world.refused_for_pace == 0


def test_a_night_over_midnight_loses_nothing_either(tmp_path: Path) -> None:
    night = Calendar("BOATS", closed=NIGHT_CLOSED).session(DATE)
    assert night is not None
    clock = clock_before(night, SPEED, early_ns=2 * MINUTE_NS)
    with opened(alpaca_night, night, clock) as pair:
        on_air = Broadcast(pair.bars, clock, pair.happen, pair.server, session=night)
        came = day(tmp_path / "store", pair.feed, clock, pair.symbols, [pair.source], on_air, "BOATS", NIGHT_CLOSED)

        assert (came.certificate.calendar, came.certificate.date) == ("BOATS", DATE)
        assert came.certificate.bar_quality == 100.0
        assert came.certificate.digest == came.digest == came.replayed
        assert came.digest == undisturbed(pair.bars, "BOATS", NIGHT_CLOSED)


def test_a_gateway_that_remembers_what_it_sent_needs_no_history_for_what_was_not_heard(tmp_path: Path) -> None:
    market = SimulatedMarket.of_size(6)
    bars, clock = day_of(market, SESSION), clock_before(SESSION, SPEED, early_ns=2 * MINUTE_NS)
    gateway = Gateway({symbol: number for number, symbol in enumerate(market.symbols, 1)})
    feed = DatabentoFeed(KEY, DATASET, gateway=gateway.place, now_ns=clock.now_ns)
    on_air = Broadcast(
        bars,
        clock,
        lambda sent: gateway.happen(*sent),
        gateway,
        loses=lambda lost: gateway.happen(*lost, is_heard=False),
        share=0.0,
    )

    came = day(tmp_path / "store", feed, clock, market.symbols, [], on_air)
    gateway.stop()

    assert came.certificate.digest == came.digest == came.replayed == undisturbed(bars)
    assert gateway.sign_ins > len(DEATHS) // 2  # on a busy machine some find nobody back yet
