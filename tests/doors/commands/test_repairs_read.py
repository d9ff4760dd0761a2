"""What became of missing minutes, as it is read from certificates and counted at the sources."""

from pathlib import Path

import numpy as np
import pytest

from actors.doors.commands.repairs import Repairing, repairs_of
from actors.kernel.ports import HoldsSessions, SourceAnswer
from actors.storage.parquet import ParquetStore
from actors.storage.source import StoreSource
from actors.system import System
from messages import BarKeys, DataError, GapOutcome, GapStory, SymbolVerdicts, TradingSession
from messages.values import MINUTE_NS, SECOND_NS
from tests.builders import DAY, at
from tests.certificates import certificate
from tests.patience import PATIENCE_S


def story(start: str, end: str, settled: str, outcome: GapOutcome, *symbols: str) -> GapStory:
    return GapStory(
        symbols=symbols,
        start_ns=at(start),
        end_ns=at(end),
        detected_ns=at(start) + MINUTE_NS,
        settled_ns=at(settled),
        attempts=1,
        source="archive",
        outcome=outcome,
    )


def test_every_minute_of_a_gap_waits_from_its_own_end() -> None:
    gaps = (
        story("10:00", "10:03", "10:04", GapOutcome.CLOSED, "A"),  # 3, 2 and 1 minutes
        story("10:02", "10:03", "10:13", GapOutcome.ABANDONED, "A", "B"),  # 10 minutes, twice
    )

    told = repairs_of(certificate("A", "B", gaps=gaps), requests=2)

    assert told.median_s == 180.0


def test_of_seconds_every_second_waits_from_its_own_end() -> None:
    gap = story("10:00", "10:01", "10:01", GapOutcome.NO_TRADE, "A")

    told = repairs_of(certificate("A", gaps=(gap,), base_interval="1s"), requests=1)

    assert (told.no_trade, told.median_s) == (60, 29.5)


def test_minutes_of_extended_hours_count_too() -> None:
    regular = (SymbolVerdicts(symbol="A", streamed=380, filled=4, late=3, abandoned=2, missing=1),)
    extended = (SymbolVerdicts(symbol="A", filled=10, no_trade=20),)
    gaps = (story("10:00", "10:02", "10:03", GapOutcome.NO_TRADE, "A", "B"),)

    told = repairs_of(certificate("A", symbols=regular, extended=extended, gaps=gaps), requests=0)

    assert (told.filled, told.late, told.no_trade, told.abandoned, told.missing) == (14, 3, 4, 2, 1)
    assert told.missing_at_first == 24


class Broken:
    """A source that is down."""

    name = "vendor"
    is_authoritative = True
    delay_ns = 5 * SECOND_NS
    most_symbols = 3
    is_closed = False

    def fetch(self, session: TradingSession, symbols: object, start_ns: int, end_ns: int) -> SourceAnswer:
        raise DataError("the line\nis dead") if start_ns == end_ns else RuntimeError

    def close(self) -> None:
        self.is_closed = True


def test_a_session_without_a_certificate_has_nothing_to_tell(store: Path) -> None:
    repairing = Repairing()
    with System.backtest(store, last=1) as system:
        repairing.session_closed(system, "2024-07-03")
        repairing.run_finished(system)

    assert repairing.sessions == {}


def test_a_source_that_is_counted_is_the_same_source() -> None:
    broken = Broken()
    (counted,) = Repairing([broken]).sources

    counted.close()

    told = (counted.name, counted.is_authoritative, counted.delay_ns, counted.most_symbols)
    assert told == ("vendor", True, 5 * SECOND_NS, 3)
    assert broken.is_closed


def test_failures_are_counted_with_their_last_reason() -> None:
    repairing = Repairing([Broken()])
    quiet = repairing.complaints()
    for last_ns, error in ((1, RuntimeError), (0, DataError)):
        with pytest.raises(error):
            repairing.sources[0].fetch(DAY, ("A",), 0, last_ns)

    assert quiet == []
    assert repairing.complaints() == ["2 of 2 requests to vendor failed; the last: the line is dead"]


def test_a_failure_without_words_is_told_by_its_kind() -> None:
    repairing = Repairing([Broken()])
    with pytest.raises(RuntimeError):
        repairing.sources[0].fetch(DAY, ("A",), 0, 1)

    assert repairing.complaints() == ["1 of 1 requests to vendor failed; the last: RuntimeError"]


def test_where_nothing_is_to_be_repaired_there_is_no_certificate(store: Path) -> None:
    with System.backtest(store, last=1) as system:
        system.run(timeout=60)

        assert system.certificate().get(timeout=PATIENCE_S) is None


def test_bars_that_are_asked_for_one_by_one_are_counted_too(store: Path) -> None:
    held = StoreSource(ParquetStore(store, read_only=True), "archive")
    repairing = Repairing([held])
    (counted,) = repairing.sources
    missing = BarKeys(symbols=("A",), symbol_index=np.zeros(1, np.int32), start_ns=np.array([DAY.start_ns]))
    assert isinstance(counted, HoldsSessions)
    held_before = counted.holds(DAY, ("A",))
    counted.read_ahead(DAY, ("A",))
    counted.pick(DAY, missing)
    counted.close()

    assert (held_before, counted.requests[DAY.date], counted.failed) == (False, 1, 0)
