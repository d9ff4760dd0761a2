"""What a store lacks of a session, by its bars, its verdicts, its certificate, and what was found while it ran."""

from collections.abc import Sequence

import msgspec
import numpy as np

from actors.kernel.ports import BarStore, StoredDay
from actors.kernel.prints import untraded_in
from actors.market.axis import SessionAxis
from actors.market.planes import with_runs
from actors.vendors.history.cells import places, planes
from messages.certificates import SessionCertificate
from messages.tables.columns import BarBatch, Floats, Mask, Verdicts
from messages.values import FIRST_WITH_BAR, Nanos, TradingSession, Verdict


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """A session as a store has it, before it is asked for."""

    session: TradingSession
    names: tuple[str, ...]
    """Sorted."""
    is_empty: bool
    """Whether it has no bar of them, no certificate, and nothing was found of it while it ran."""
    is_certified: bool
    """Whether its certificate covers them all."""
    is_untold: bool
    """Whether more of it is known to be untraded than its certificate says."""
    verdicts: Verdicts
    """Slots x names: of its bars, and what the certificate says of minutes without one, or was found while it ran."""
    trades: Floats
    """Slots x names: of how many trades each bar is made, NaN where that is not known."""

    @property
    def has_bar(self) -> Mask:
        """Slots x names: whether there is a bar."""
        mask: Mask = self.verdicts >= FIRST_WITH_BAR
        return mask

    def lacking(self, *, is_abandoned_too: bool) -> Mask:
        """Return which minutes are missing, or were heard in part; those that were abandoned if they are wanted too."""
        worst = Verdict.ABANDONED if is_abandoned_too else Verdict.MISSING
        mask: Mask = (self.verdicts <= worst) | (self.verdicts == Verdict.IN_PART)
        return mask

    def lacks(self, now_ns: Nanos, *, is_abandoned_too: bool) -> bool:
        """Return whether any minute is lacking that is over."""
        is_over = SessionAxis(self.session).ends_ns <= now_ns
        return bool(self.lacking(is_abandoned_too=is_abandoned_too)[is_over].any())


def is_whole(certificate: SessionCertificate | None, session: TradingSession, symbols: Sequence[str]) -> bool:
    """Return whether a certificate says that no minute is missing, so that nobody need look at the bars."""
    if certificate is None or not set(session.segments) <= set(certificate.segments):
        return False
    if certificate.session.base_interval != session.base_interval:
        return False
    left = set(symbols)
    counts = [one for one in (*certificate.symbols, *certificate.extended) if one.symbol in left]
    return left <= set(certificate.names) and not any(one.missing or one.in_part for one in counts)


def is_whole_market(certificate: SessionCertificate | None, session: TradingSession) -> bool:
    """Return whether a certificate says that a session was fetched of all symbols that there were bars of."""
    if certificate is None or any(one.missing or one.in_part for one in (*certificate.symbols, *certificate.extended)):
        return False
    spans = [(gap.start_ns, gap.end_ns) for gap in certificate.gaps if not gap.symbols]
    return any(start_ns <= session.start_ns and session.end_ns <= end_ns for start_ns, end_ns in spans)


def day_of(store: BarStore, session: TradingSession, symbols: Sequence[str]) -> tuple[Day, SessionCertificate | None]:
    """Return what a store has of a session, and its certificate.

    Raises:
        DataError: it cannot be read.
    """
    names, axis = tuple(sorted(symbols)), SessionAxis(session)
    stored = store.read(session.calendar, session.date, names) if names else None
    certificate = store.certificate(session.calendar, session.date)
    held = stored or StoredDay(bars=BarBatch.of(()), verdicts=np.zeros(0, dtype=np.uint8))
    rows, slots, columns = places(axis, names, held.bars)
    verdicts = np.zeros((axis.slots, len(names)), dtype=np.uint8)
    verdicts[slots, columns] = held.verdicts[rows]
    _, trades = planes(axis, names, held.bars)
    certified = verdicts if certificate is None else with_runs(axis, names, verdicts, certificate.runs)
    found = untraded_in(store, session.calendar, session.date)
    verdicts = with_runs(axis, names, certified, found)
    day = Day(
        session=session,
        names=names,
        is_empty=not len(held.bars) and certificate is None and not found,
        is_certified=certificate is not None and set(names) <= set(certificate.names),
        is_untold=bool((verdicts != certified).any()),
        verdicts=verdicts,
        trades=trades,
    )
    return day, certificate
