"""Certificates, and the filled bars that they speak of, on their way to the store; runs on a worker."""

from collections import Counter

import msgspec
import numpy as np
import numpy.typing as npt

from actors.kernel.address import Address
from actors.kernel.ports import BarStore, StoredDay
from actors.market.axis import SessionAxis
from actors.market.certifying import certificate_of, recertified, stored_digest
from messages.certificates import SessionCertificate
from messages.columns import BarBatch, DayGrid, Indices, Mask, freeze
from messages.errors import BarkeeperError, DataError
from messages.repairs import CertificateIssued, IssueCertificate, NotRecorded
from messages.values import Gap, Nanos, Verdict

_NOTHING = StoredDay(bars=BarBatch.of(()), verdicts=np.zeros(0, dtype=np.uint8))
_FILLED = (Verdict.FILLED,)
_RECORDED = (Verdict.FILLED, Verdict.STREAMED, Verdict.LATE)
_NOT_KEPT = "certificates are not kept in this run"
_DIFFERS = "the bars that were played and filled are not those of the store's day"


class Keeper:
    """Turns ``IssueCertificate`` into ``CertificateIssued``, told to ``reply_to``.

    Args:
        store: where the day lies; ``None``: nothing is written.
        reply_to: who is told.
        records: whether every bar is new to the store, as on a live day, and one that was withdrawn leaves it; else
            only those are new that were fetched.
    """

    def __init__(
        self, store: BarStore | None, reply_to: Address[CertificateIssued | NotRecorded], *, records: bool = False
    ) -> None:
        self._store = store
        self._reply_to = reply_to
        self._records = records

    def issue(self, job: IssueCertificate) -> None:
        """Certify, keep what may be kept, and tell."""
        sealed = job.sealed
        if sealed.issued_by == "recording":
            self._record(sealed.day)
            return
        certificate = msgspec.structs.replace(
            certificate_of(
                sealed.day.session,
                sealed.day.symbols,
                sealed.day.values,
                sealed.day.verdicts,
                sealed.intervals,
                runs=sealed.runs,
                issued_by=sealed.issued_by,
                settled_ns=sealed.now_ns,
            ),
            gaps=job.gaps,
            corrections=sealed.corrections,
            rejected=sealed.rejected,
            is_prefetched=job.is_prefetched,
            transition_ms=job.transition_ms,
        )
        if job.old is not None:
            certificate = _succeeding(job.old, certificate)
        self._reply_to.tell(self._kept(certificate, sealed.day))

    def _record(self, day: DayGrid) -> None:
        """Write the day down as far as it has come; what fails now is tried again with the next."""
        if self._store is None:
            return
        try:
            _write(self._store, day, _untraded(self._store, day), _news(day, _NOTHING, _RECORDED))
        except (BarkeeperError, OSError) as error:
            self._reply_to.tell(NotRecorded(session_date=day.session.date, reason=str(error)))

    def _kept(self, certificate: SessionCertificate, day: DayGrid) -> CertificateIssued:
        if self._store is None:
            return CertificateIssued(certificate=certificate, is_kept=False, reason=_NOT_KEPT)
        try:
            self._keep(self._store, certificate, day)
        except (BarkeeperError, OSError) as error:
            return CertificateIssued(certificate=certificate, is_kept=False, reason=str(error))
        return CertificateIssued(certificate=certificate, is_kept=True)

    def _keep(self, store: BarStore, certificate: SessionCertificate, day: DayGrid) -> None:
        """Write what the store lacks, then the certificate if it tells the truth about the store."""
        calendar, date = certificate.calendar, certificate.date
        stored = store.read(calendar, date) or _NOTHING
        # What was recorded may have been replaced since; what a backtest plays lies in the store as it is.
        news = _news(day, _NOTHING, _RECORDED) if self._records else _news(day, stored, _FILLED)
        is_withdrawn = _is_withdrawn(day, stored.bars) & self._records
        if stored_digest(certificate, stored.bars.where(~is_withdrawn), news.bars) != certificate.digest:
            raise DataError(_DIFFERS)
        if _write(store, day, stored.bars.where(is_withdrawn), news):
            stored = store.read(calendar, date) or _NOTHING
        store.certify(calendar, date, _widened(store.certificate(calendar, date), certificate, stored))


def _succeeding(old: SessionCertificate, new: SessionCertificate) -> SessionCertificate:
    """Return the certificate of a day that was repaired after it had settled: what happened before still happened."""
    return msgspec.structs.replace(
        new,
        gaps=(*old.gaps, *new.gaps),
        corrections=old.corrections + new.corrections,
        rejected=dict(Counter(old.rejected) + Counter(new.rejected)),
        is_prefetched=old.is_prefetched,
        transition_ms=old.transition_ms,
        replaces=old.digest,
    )


def _widened(old: SessionCertificate | None, new: SessionCertificate, stored: StoredDay) -> SessionCertificate:
    """Return a certificate that covers what the one in its place does: a run of a few symbols must not undo it."""
    if old is None or (set(old.names) <= set(new.names) and _hours(old) <= _hours(new)):
        return new
    wide = recertified(
        old,
        stored.bars,
        stored.verdicts,
        issued_by=new.issued_by,
        symbols=new.names,
        segments=max(old, new, key=_hours).segments,
        runs=new.runs,
        settled_ns=new.settled_ns,
    )
    return msgspec.structs.replace(
        wide,
        gaps=(*old.gaps, *new.gaps),
        corrections=old.corrections + new.corrections,
        rejected=dict(Counter(old.rejected) + Counter(new.rejected)),
        is_prefetched=new.is_prefetched,
        transition_ms=new.transition_ms,
    )


def _hours(certificate: SessionCertificate) -> Nanos:
    """Return how much time a certificate covers, from its first minute to its last."""
    return certificate.session.end_ns - certificate.session.start_ns


def _news(day: DayGrid, stored: StoredDay, verdicts: tuple[Verdict, ...]) -> StoredDay:
    """Return the bars with these verdicts of minutes which the store has no bar for, and the corrections."""
    axis = SessionAxis(day.session)
    wanted: Mask = np.isin(day.verdicts, verdicts)
    _, held_slots, held_columns = _cells(day, stored.bars)
    wanted[held_slots, held_columns] = False
    wanted |= day.verdicts == Verdict.CORRECTED
    slots, numbers = np.nonzero(wanted)
    present = np.unique(numbers)
    bars = BarBatch(
        symbols=tuple(day.symbols[number] for number in present.tolist()),
        symbol_index=freeze(np.searchsorted(present, numbers).astype(np.int32)),
        start_ns=freeze(axis.starts_ns[slots]),
        values=freeze(np.ascontiguousarray(day.values[slots, :, numbers].T)),
        interval=axis.interval,
    )
    return StoredDay(bars=bars, verdicts=freeze(day.verdicts[slots, numbers]), tz=day.session.tz)


def _untraded(store: BarStore, day: DayGrid) -> BarBatch:
    """Return the store's bars of minutes that were not traded after all: their only trade was cancelled."""
    columns = np.flatnonzero((day.verdicts == Verdict.NO_TRADE).any(axis=0))
    symbols = [day.symbols[column] for column in columns.tolist()]
    stored = store.read(day.session.calendar, day.session.date, symbols) if symbols else None
    bars = (stored or _NOTHING).bars
    return bars.where(_is_withdrawn(day, bars))


def _is_withdrawn(day: DayGrid, bars: BarBatch) -> Mask:
    """Return which bars lie in minutes that the day says were not traded."""
    rows, slots, columns = _cells(day, bars)
    is_withdrawn = np.zeros(len(bars), dtype=np.bool_)
    is_withdrawn[rows] = day.verdicts[slots, columns] == Verdict.NO_TRADE
    return is_withdrawn


def _cells(day: DayGrid, bars: BarBatch) -> tuple[npt.NDArray[np.intp], Indices, Indices]:
    """Return which bars lie in the day, and the slot and the column of each of them."""
    place = {symbol: column for column, symbol in enumerate(day.symbols)}
    columns = np.array([place.get(symbol, -1) for symbol in bars.symbols], dtype=np.int32)[bars.symbol_index]
    slots = SessionAxis(day.session).slots_of(bars.start_ns)
    rows = np.flatnonzero((columns >= 0) & (slots >= 0))
    return rows, slots[rows], columns[rows]


def _write(store: BarStore, day: DayGrid, withdrawn: BarBatch, news: StoredDay) -> bool:
    """Take bars out of the store's day and add others; return whether there were any."""
    calendar, date = day.session.calendar, day.session.date
    if len(withdrawn):
        span_ns = withdrawn.interval.span_ns
        starts = zip(withdrawn.names(), withdrawn.start_ns.tolist(), strict=True)
        store.withdraw(
            calendar, date, [Gap(symbols=(name,), start_ns=start, end_ns=start + span_ns) for name, start in starts]
        )
    if len(news.bars):
        store.merge(calendar, date, news)
    return bool(len(withdrawn) or len(news.bars))
