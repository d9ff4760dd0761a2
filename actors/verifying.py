"""Whether a store still holds what was certified: the use case ``verify``."""

import enum
from collections.abc import Callable, Generator, Mapping
from typing import Any

import msgspec
import numpy as np

from actors.kernel.dealing import dealt_out
from actors.kernel.ports import BarStore, StoredDay
from actors.kernel.prints import KeepsPrints, untraded_in
from actors.kernel.readings import RemembersCertified, dates_left
from actors.market.certificate import as_stored
from actors.reading.spelling.addresses import Place
from actors.storage.elsewhere.opening import open_store
from messages.certificates import SessionCertificate
from messages.errors import DataError
from messages.tables.columns import BarBatch
from messages.values import MINUTE_NS

_NO_DAY = StoredDay(bars=BarBatch.of(()), verdicts=np.zeros(0, dtype=np.uint8))
_LONGEST_NS = 7 * 24 * 60 * MINUTE_NS
_GONE = "its certificate is gone"
_BOTH_GONE = "it was certified, and neither its bars nor its certificate are there"
_FORGOTTEN = "the store does not remember which days were certified, so a certificate that is gone is not missed"
_BARS_ONLY = "its certificate is older than seals, so only its bars could be verified"


class Standing(enum.StrEnum):
    """How a stored day stands to its certificate."""

    MATCH = "match"
    MISMATCH = "mismatch"
    """Its bars or their verdicts are not those that were certified, or the certificate was changed."""
    UNCERTIFIED = "uncertified"
    UNREADABLE = "unreadable"
    """The day or its certificate cannot be read."""


class VerifiedDay(msgspec.Struct, frozen=True, kw_only=True):
    """What verifying one day came to."""

    date: str
    calendar: str
    standing: Standing
    certified: str | None = None
    """The digest that the certificate states."""
    found: str | None = None
    """The digest of the bars that are stored now."""
    fault: str | None = None
    """What is wrong, in one sentence."""


class VerifyReport(msgspec.Struct, frozen=True, kw_only=True):
    """What verifying a store came to."""

    days: list[VerifiedDay]
    remarks: list[str] = []
    """A sentence for every day of which not all could be verified."""
    fault: str | None = None
    """What is wrong with what the store remembers of its certificates, in one sentence."""

    @property
    def faults(self) -> list[str]:
        """A sentence for every day that does not match or cannot be read, and for what the store remembers."""
        return [*(day.fault for day in self.days if day.fault is not None), *([self.fault] if self.fault else ())]

    def count(self, standing: Standing) -> int:
        """Return how many days stand so."""
        return sum(day.standing is standing for day in self.days)


class VerifyProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far verifying is."""

    done: int
    total: int
    at: str
    """The day that has just been verified."""


def verify_store(
    store: BarStore,
    calendar: str | None = None,
    on_progress: Callable[[VerifyProgress], None] | None = None,
    *,
    place: Place | None = None,
    workers: int = 1,
) -> VerifyReport:
    """Say of every day whether its bars are still those that were certified: nothing is written.

    Its digests, counts and percentages are made anew from the stored bars and their verdicts, in the hours, symbols and
    intervals of the certificate, so no calendar is asked; and the certificate's own file is held against its seal.

    Args:
        store: which one.
        calendar: only this one's days, by its name in the store; all by default.
        on_progress: called after each day, in this thread.
        place: where the store lies, for workers to open it too.
        workers: how many processes read days; with one it is this one.

    Raises:
        SystemFailed: processes die of a day.
    """
    once, fault = _remembered(store)
    names = [calendar] if calendar else sorted({*store.calendars(), *store.certified_calendars(), *(once or ())})
    left = {name: dates_left(store, name) for name in names}
    keys = [(name, date) for name, (dates, _) in left.items() for date in sorted({*dates, *store.certified(name)})]
    found: dict[int, tuple[VerifiedDay, str | None]] = {}
    answers: Generator[tuple[int, Any], None, None] = ((at, _verified(store, *key)) for at, key in enumerate(keys))
    if workers > 1 and place is not None:
        answers = dealt_out("actors.verifying:verify_days", place, keys, workers)
    for at, answer in answers:
        found[at] = answer
        if on_progress is not None:
            on_progress(VerifyProgress(done=len(found), total=len(keys), at=keys[at][1]))
    lost = [
        VerifiedDay(date=period, calendar=name, standing=Standing.UNREADABLE, fault=why)
        for name, (_, damaged) in left.items()
        for period, why in damaged.items()
    ]
    told = [_missed(*found[at], once or {}) for at in range(len(keys))]
    there = set(keys)
    gone = [(name, date) for name in names for date in (once or {}).get(name, ()) if (name, date) not in there]
    remarks = [f"{day.calendar} on {day.date}: {remark}" for day, remark in told if remark is not None]
    remarks += [f"{name} on {date}: {_BOTH_GONE}" for name, date in gone]
    if once is None and fault is None and any(day.certified and remark is None for day, remark in told):
        remarks.append(_FORGOTTEN)
    return VerifyReport(days=[*lost, *(day for day, _ in told)], remarks=remarks, fault=fault)


def _remembered(store: BarStore) -> tuple[Mapping[str, Mapping[str, int]] | None, str | None]:
    """Return which days a store remembers as certified, and what is wrong with that; ``None``: it remembers nothing."""
    if not isinstance(store, RemembersCertified):
        return {}, None
    try:
        return store.once_certified(), None
    except DataError as error:
        return None, str(error)


def _missed(
    day: VerifiedDay, remark: str | None, once: Mapping[str, Mapping[str, int]]
) -> tuple[VerifiedDay, str | None]:
    """Return how a day stands that may have been certified once."""
    if day.standing is Standing.UNCERTIFIED and day.date in once.get(day.calendar, ()):
        return _without_certificate(day.calendar, day.date), remark
    return day, remark


def _without_certificate(calendar: str, date: str) -> VerifiedDay:
    fault = f"{calendar} on {date}: {_GONE}"
    return VerifiedDay(date=date, calendar=calendar, standing=Standing.MISMATCH, fault=fault)


def verify_days(receive: Callable[[], Any], send: Callable[[object], None]) -> None:
    """Verify the days that a process is told, of the store whose place it is told first."""
    store = open_store(receive(), read_only=True)
    while True:
        send(_verified(store, *receive()))


def _verified(store: BarStore, calendar: str, date: str) -> tuple[VerifiedDay, str | None]:
    """Return how a day stands, and what of it could not be verified."""
    try:
        certificate = store.certificate(calendar, date)
        # A day without a certificate is read as well: one that is damaged is worth knowing of.
        day = store.read(calendar, date, None if certificate is None else certificate.names)
        is_as_issued = store.is_as_issued(calendar, date)
        earlier = store.earlier(calendar, date)  # they are records, and have to be readable
        if isinstance(store, KeepsPrints):
            store.prints(calendar, date)  # another one
        untraded_in(store, calendar, date)
    except DataError as error:
        return VerifiedDay(date=date, calendar=calendar, standing=Standing.UNREADABLE, fault=str(error)), None
    if certificate is None:
        uncertified = VerifiedDay(date=date, calendar=calendar, standing=Standing.UNCERTIFIED)
        return _without_certificate(calendar, date) if earlier else uncertified, None
    stored = day or _NO_DAY
    try:
        if any(abs(part.end_ns - part.start_ns) > _LONGEST_NS for part in certificate.segments):
            raise ValueError("hours of more than a week")  # noqa: TRY301  # counting their minutes would take for ever
        found = as_stored(certificate, stored.bars, stored.verdicts)
    except Exception as error:  # noqa: BLE001  # hours, symbols and runs that were changed may be of no session at all
        senseless = f"{calendar} on {date}: the certificate makes no sense: {type(error).__name__}: {error}"
        return VerifiedDay(date=date, calendar=calendar, standing=Standing.UNREADABLE, fault=senseless), None
    fault = _mismatch(certificate, found, is_gone=day is None)
    is_old = certificate.verdict_digest is None and certificate.is_live is None and is_as_issued is not False
    if fault is None and not is_old:
        fault = _forgery(certificate, found, is_as_issued=is_as_issued is True)
    verified = VerifiedDay(
        date=date,
        calendar=calendar,
        standing=Standing.MATCH if fault is None else Standing.MISMATCH,
        certified=certificate.digest,
        found=found.digest,
        fault=None if fault is None else f"{calendar} on {date}: {fault}",
    )
    return verified, _BARS_ONLY if is_old else None


def _mismatch(certificate: SessionCertificate, found: SessionCertificate, *, is_gone: bool) -> str | None:
    if found.digest == certificate.digest:
        return None
    if is_gone:
        return f"the bars are gone that were certified as {certificate.digest}"
    return f"the stored bars have the digest {found.digest}, but {certificate.digest} was certified"


def _forgery(certificate: SessionCertificate, found: SessionCertificate, *, is_as_issued: bool) -> str | None:
    """Return what else is not as it was certified: the bars are."""
    told, held = ((*one.symbols, *one.extended) for one in (certificate, found))
    for counted, there in zip(told, held, strict=False):
        for verdict in counted.__struct_fields__[1:]:
            was, now = (getattr(one, verdict) for one in (counted, there))
            if was != now:
                counts = f"{was} minutes of {counted.symbol} as {verdict}"
                return f"the certificate counts {counts}; its runs and the stored bars give {now}"
    if certificate.verdict_digest is None and certificate.is_live is None and not is_as_issued:
        return "the certificate has lost its seal: it was changed after it was issued"
    if found.verdict_digest != certificate.verdict_digest:
        return "the verdicts of the stored bars are not those that were certified"
    for name in ("completeness", "bar_quality"):
        was, now = (getattr(one, name) for one in (certificate, found))
        if was != now:
            return f"the certificate has a {name} of {was}; its counts give {now}"
    if found != certificate:
        return "the certificate does not count the minutes that the store has"
    if is_as_issued:
        return None
    return (
        "the certificate, or an earlier one, was changed after it was issued, or one is gone: it does not fit its seal"
    )
