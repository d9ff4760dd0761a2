"""Certificates, and the filled bars that they speak of, on their way to the store; runs on a worker."""

from collections import Counter

import msgspec
import numpy as np

from actors.kernel.address import Address
from actors.kernel.ports import BarStore, StoredDay
from actors.kernel.prints import KeepsPrints
from actors.market.axis import SessionAxis
from actors.market.certificate import certificate_of, recertified, with_verdicts
from actors.market.planes import spread
from messages.certificates import SessionCertificate
from messages.errors import BarkeeperError, DataError
from messages.repairs import CertificateIssued, IssueCertificate, NotRecorded, SessionSealed
from messages.tables.columns import FIELDS, BarBatch, DayGrid, Floats, Mask, Verdicts, freeze
from messages.values import FIRST_WITH_BAR, Gap, Nanos, Verdict

_NOTHING = StoredDay(bars=BarBatch.of(()), verdicts=np.zeros(0, dtype=np.uint8))
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
            self._record(sealed)
            return
        certificate = self._certificate(job)
        self._reply_to.tell(self._kept(certificate, sealed, has_story=job.old is not None))

    def late(self, job: IssueCertificate, reason: str) -> None:
        """Tell that the store has not come back with an answer."""
        reason, date = f"the store {reason}", job.sealed.day.session.date
        if job.sealed.issued_by == "recording":
            self._reply_to.tell(NotRecorded(session_date=date, reason=reason))
        else:
            self._reply_to.tell(CertificateIssued(certificate=self._certificate(job), is_kept=False, reason=reason))

    def _certificate(self, job: IssueCertificate) -> SessionCertificate:
        sealed = job.sealed
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
                is_live=self._records,
            ),
            gaps=job.gaps,
            corrections=sealed.corrections,
            rejected=sealed.rejected,
            is_prefetched=job.is_prefetched,
            transition_ms=job.transition_ms,
        )
        return certificate if job.old is None else _succeeding(job.old, certificate)

    def _record(self, sealed: SessionSealed) -> None:
        """Write the day down as far as it has come; what fails now is tried again with the next."""
        if self._store is None:
            return
        day = sealed.day
        try:
            _write(self._store, day, _untraded(self._store, day), day.verdicts >= FIRST_WITH_BAR, is_lived=True)
            _keep_prints(self._store, sealed)
        except (BarkeeperError, OSError) as error:
            self._reply_to.tell(NotRecorded(session_date=day.session.date, reason=str(error)))

    def _kept(self, certificate: SessionCertificate, sealed: SessionSealed, *, has_story: bool) -> CertificateIssued:
        if self._store is None:
            return CertificateIssued(certificate=certificate, is_kept=False, reason=_NOT_KEPT)
        try:
            _keep_prints(self._store, sealed)
            self._keep(self._store, certificate, sealed.day, has_story=has_story)
        except (BarkeeperError, OSError) as error:
            return CertificateIssued(certificate=certificate, is_kept=False, reason=str(error))
        return CertificateIssued(certificate=certificate, is_kept=True)

    def _keep(self, store: BarStore, certificate: SessionCertificate, day: DayGrid, *, has_story: bool) -> None:
        """Write what the store lacks, then the certificate if it tells the truth about the store."""
        calendar, date = certificate.calendar, certificate.date
        values, held = _held(day, store.read(calendar, date) or _NOTHING)
        is_held, has_bar = held >= FIRST_WITH_BAR, day.verdicts >= FIRST_WITH_BAR
        withdrawn = is_held & (day.verdicts == Verdict.NO_TRADE) & self._records
        if self._records:
            # What was recorded may have been replaced since.
            news = has_bar
        else:
            # What a backtest plays lies in the store as it is.
            news = (day.verdicts == Verdict.FILLED) & ~is_held | (day.verdicts == Verdict.CORRECTED)
        values.transpose(0, 2, 1)[withdrawn] = np.nan
        differs = _differs(day, values)
        # So its digest will be that of the certificate, which need not be summed up a second time.
        if bool((((is_held & ~withdrawn) != has_bar) & ~news).any()) or bool((differs & ~news).any()):
            raise DataError(_DIFFERS)
        _write(store, day, withdrawn, news, is_lived=self._records)
        if not self._records:
            # Faults on the way from the store to a backtest are no facts about the day.
            certificate = _as_held(certificate, day, np.where(is_held & has_bar & ~differs, held, day.verdicts))
        store.certify(calendar, date, self._with_story(store, certificate, is_begun=has_story))

    def _with_story(self, store: BarStore, new: SessionCertificate, *, is_begun: bool) -> SessionCertificate:
        """Return a certificate that tells what a live day told before, and covers what the one in its place does.

        Args:
            store: where the others are.
            new: as this run issues it.
            is_begun: whether it tells what this run has told before.
        """
        old = store.certificate(new.calendar, new.date)
        if old is None:
            return new
        if not _covers(new, old):
            return _widened(old, new, store.read(new.calendar, new.date) or _NOTHING)
        records = store.earlier(new.calendar, new.date) if old.is_live is False else (old,)
        live = next((one for one in reversed(records) if one.is_live), None)
        return new if live is None or (self._records and is_begun) else _continued(live, new)


def _succeeding(old: SessionCertificate, new: SessionCertificate) -> SessionCertificate:
    """Return the certificate of a day that was repaired after it had settled: what happened before still happened."""
    return msgspec.structs.replace(
        _continued(old, new), is_prefetched=old.is_prefetched, transition_ms=old.transition_ms, replaces=old.digest
    )


def _continued(old: SessionCertificate, new: SessionCertificate) -> SessionCertificate:
    """Return the new certificate with what the old one tells of how the day came to be."""
    return msgspec.structs.replace(
        new,
        gaps=(*old.gaps, *new.gaps),
        corrections=old.corrections + new.corrections,
        rejected=dict(Counter(old.rejected) + Counter(new.rejected)),
    )


def _as_held(certificate: SessionCertificate, day: DayGrid, verdicts: Verdicts) -> SessionCertificate:
    """Return a certificate of these verdicts, where they are not those of the day as it was played."""
    return certificate if np.array_equal(verdicts, day.verdicts) else with_verdicts(certificate, verdicts)


def _covers(new: SessionCertificate, old: SessionCertificate) -> bool:
    return set(old.names) <= set(new.names) and _hours(old) <= _hours(new)


def _widened(old: SessionCertificate, new: SessionCertificate, stored: StoredDay) -> SessionCertificate:
    """Return a certificate that covers what the one in its place does: a run of a few symbols must not undo it."""
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
    told = msgspec.structs.replace(
        wide,
        gaps=new.gaps,
        corrections=new.corrections,
        rejected=new.rejected,
        is_prefetched=new.is_prefetched,
        transition_ms=new.transition_ms,
        is_live=new.is_live,
    )
    return _continued(old, told)


def _hours(certificate: SessionCertificate) -> Nanos:
    """Return how much time a certificate covers, from its first minute to its last."""
    return certificate.session.end_ns - certificate.session.start_ns


def _held(day: DayGrid, stored: StoredDay) -> tuple[Floats, Verdicts]:
    """Return stored bars in the cells of a day: their values, and their verdicts."""
    return spread(SessionAxis(day.session), day.symbols, stored.bars, stored.verdicts, len(FIELDS))


def _differs(day: DayGrid, values: Floats) -> Mask:
    """Return which cells of a day hold something else than these values."""
    played = day.values[:, : len(FIELDS)]
    is_other = values != played
    rows = np.nonzero(is_other)
    is_other[rows] = ~(np.isnan(values[rows]) & np.isnan(played[rows]))
    mask: Mask = is_other.any(axis=1)
    return mask


def _keep_prints(store: BarStore, sealed: SessionSealed) -> None:
    """Keep what was known when, where that is known and the store has a place for it."""
    prints, session = sealed.prints, sealed.day.session
    if prints is not None and len(prints) and isinstance(store, KeepsPrints):
        store.keep_prints(session.calendar, session.date, prints)


def _untraded(store: BarStore, day: DayGrid) -> Mask:
    """Return where the store has bars of minutes that were not traded after all: their only trade was cancelled."""
    is_untraded: Mask = day.verdicts == Verdict.NO_TRADE
    symbols = [day.symbols[column] for column in np.flatnonzero(is_untraded.any(axis=0)).tolist()]
    if not symbols:
        return is_untraded
    stored = store.read(day.session.calendar, day.session.date, symbols)
    return is_untraded & (_held(day, stored or _NOTHING)[1] >= FIRST_WITH_BAR)


def _write(store: BarStore, day: DayGrid, withdrawn: Mask, news: Mask, *, is_lived: bool) -> None:
    """Take the bars of some cells out of the store's day, and put those of others there."""
    calendar, date, axis = day.session.calendar, day.session.date, SessionAxis(day.session)
    slots, columns = np.nonzero(withdrawn)
    if len(slots):
        cells = zip(axis.starts_ns[slots].tolist(), columns.tolist(), strict=True)
        store.withdraw(
            calendar,
            date,
            [
                Gap(symbols=(day.symbols[column],), start_ns=start, end_ns=start + axis.step_ns)
                for start, column in cells
            ],
        )
    if bool(news.any()):
        store.merge(calendar, date, _cut(day, axis, news, is_lived=is_lived))


def _cut(day: DayGrid, axis: SessionAxis, wanted: Mask, *, is_lived: bool) -> StoredDay:
    """Return the bars of some cells."""
    slots, columns = np.nonzero(wanted)
    is_present = wanted.any(axis=0)
    number = np.cumsum(is_present, dtype=np.int32) - 1
    bars = BarBatch(
        symbols=tuple(day.symbols[column] for column in np.flatnonzero(is_present).tolist()),
        symbol_index=freeze(number[columns]),
        start_ns=freeze(axis.starts_ns[slots]),
        values=freeze(np.array([day.values[:, field][wanted] for field in range(day.values.shape[1])])),
        interval=axis.interval,
    )
    return StoredDay(bars=bars, verdicts=freeze(day.verdicts[wanted]), tz=day.session.tz, is_lived=is_lived)
