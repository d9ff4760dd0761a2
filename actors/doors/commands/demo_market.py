"""The main job's market: what its feed plays, and the archive that has what the feed loses."""

import contextlib
from pathlib import Path

from actors.doors.cli.version import version
from actors.feeds.simulated.market import SimulatedMarket
from actors.kernel.ports import StoredDay
from actors.market.axis import SessionAxis
from actors.market.calendar import Calendar
from actors.market.certificate import certificate_of
from actors.market.hours import kept
from actors.market.planes import spread
from actors.settings import DEFAULT_INTERVALS
from actors.storage.parquet import ParquetStore
from messages.certificates import SessionCertificate
from messages.tables.columns import FIELDS
from messages.values import TradingSession, Verdict, VerdictRun

CALENDAR = "XNYS"
FIRST_DAY, LAST_DAY = "2024-07-02", "2024-07-05"
"""Three sessions around Independence Day, the second one a half-day."""
SYMBOLS = 50
QUIET = 0.02
"""The share of minutes without a trade."""
_ISSUER = "simulation"


def tape_folder() -> Path:
    """Return where the market's days lie that are played."""
    return _folder() / "tape"


def archive_folder() -> Path:
    """Return where they lie once more, certified: this one can tell a minute without a trade from one that is lost."""
    return _folder() / "archive"


def _folder() -> Path:
    # A later version may make another market: what this one wrote is not to be mixed with it.
    return kept.folder() / f"demo-{version()}"


def write_market() -> None:
    """Write those of the market's days that are not there yet."""
    tape, archive = ParquetStore(tape_folder()), ParquetStore(archive_folder())
    with contextlib.closing(tape), contextlib.closing(archive):
        played, kept = tape.dates(CALENDAR), archive.certified(CALENDAR)
        for session in Calendar(CALENDAR).sessions(FIRST_DAY, LAST_DAY):
            if session.date in played and session.date in kept:
                continue
            day = SimulatedMarket.of_size(SYMBOLS, quiet=QUIET).day(session)
            tape.merge(CALENDAR, session.date, day)
            archive.merge(CALENDAR, session.date, day)
            archive.certify(CALENDAR, session.date, _certificate(session, day))


def _certificate(session: TradingSession, day: StoredDay) -> SessionCertificate:
    """Certify that what a day does not have was never traded."""
    names = day.bars.symbols
    values, verdicts = spread(SessionAxis(session), names, day.bars, day.verdicts, len(FIELDS))
    runs = [
        VerdictRun(
            symbol=symbol,
            verdict=Verdict.NO_TRADE,
            start_ns=session.open_ns,
            end_ns=session.close_ns,
            source=_ISSUER,
        )
        for symbol in names
    ]
    return certificate_of(
        session, names, values, verdicts, DEFAULT_INTERVALS, runs=runs, issued_by=_ISSUER, settled_ns=session.end_ns
    )
