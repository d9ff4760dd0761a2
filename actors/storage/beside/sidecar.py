"""The certificate of a day as a JSON file beside the day's bars, and what it means to put one in another's place.

The last key of the file is ``seal``, a digest of the bytes before it: who changes the file without minding that is
found out. It is no signature, and keeps nobody out who knows how it is made. Before it stands how many certificates lie
``earlier`` beside it, if any, and the store remembers, under a seal too, since when it seals and which days were
certified, so that none can go unseen. Where there are many runs they stand before both, packed.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import chain, takewhile
from pathlib import Path

import msgspec

from actors.storage.atomic import exists, patiently, replacing
from actors.storage.beside.packed_runs import FEW, PackedRuns, Packing, unpacked
from messages.certificates import CERTIFICATE_VERSION, SessionCertificate
from messages.errors import UNREADABLE, DataError
from messages.tables.runs import Runs

PACKED_VERSION = 2
"""Of a file whose runs are packed, so that programs that do not know of that refuse it, and do not read it as without
any."""

_SEAL = b',"seal":"%s"}'
_EARLIER = b',"earlier":%d'
_UNTIL_SEAL = _SEAL.index(b"%s")


class _Neighbours(msgspec.Struct):
    """How many certificates there are beside one that it took the place of."""

    earlier: int = 0


class _Memory(msgspec.Struct):
    """What a store remembers of seals."""

    unsealed: dict[str, list[str]]
    """By calendar the dates whose certificates were there before the first that was sealed."""
    certified: dict[str, dict[str, int]] = {}
    """By calendar and date how many certificates there were when who certified last was done."""


class _Packed(msgspec.Struct):
    """What a certificate's file has in place of its runs, where they are many."""

    packed_runs: PackedRuns


class _Head(msgspec.Struct):
    """What has to be right before the rest is looked at."""

    version: int
    calendar: str
    date: str


def read_certificate(path: Path, calendar: str, date: str) -> SessionCertificate | None:
    """Return the certificate that a file holds, or ``None`` where there is no file.

    Raises:
        DataError: the file is damaged, or not the certificate that is expected there.
    """
    if not exists(path):
        return None
    try:
        with _explained(path, calendar, date):
            raw = patiently(path.read_bytes)
            head = msgspec.json.decode(raw, type=_Head)
            _check(head, calendar, date)
            certificate = msgspec.json.decode(raw, type=SessionCertificate)
            if head.version == CERTIFICATE_VERSION:
                return certificate
            runs = unpacked(msgspec.json.decode(raw, type=_Packed).packed_runs)
            return msgspec.structs.replace(certificate, version=CERTIFICATE_VERSION, runs=runs)
    except FileNotFoundError:
        return None


def write_certificate(path: Path, certificate: SessionCertificate, earlier: int = 0, runs: Iterable[Runs] = ()) -> None:
    """Write a certificate: after a crash at any moment there is either the old file or the new one, whole.

    Args:
        path: where.
        certificate: what.
        earlier: how many lie beside it that it took the place of.
        runs: more of its runs, those of some symbols after the other; whole bars.

    Raises:
        OSError: the folder or the disk refuses; an old file is as it was.
    """
    seal = hashlib.sha256()
    with replacing(path) as sink:
        for part in chain(_body_of(certificate, runs), (_EARLIER % earlier,) if earlier else ()):
            seal.update(part)
            sink.write(part)
        sink.write(_SEAL % _spelled(seal) + b"\n")


def _body_of(certificate: SessionCertificate, more: Iterable[Runs]) -> Iterator[bytes]:
    """Yield the JSON of a certificate without its last brace."""
    session, rest = certificate.session, iter(more)
    pieces = [Runs.of(certificate.runs)]
    while sum(map(len, pieces)) <= FEW and (piece := next(rest, None)) is not None:
        pieces.append(piece)
    packing = Packing(session.start_ns, session.base_interval.span_ns)
    packs = [packing.entries(piece) for piece in pieces]
    if sum(map(len, pieces)) <= FEW or None in packs:
        listed = tuple(run for piece in (*pieces, *rest) for run in piece.each())
        yield msgspec.json.encode(msgspec.structs.replace(certificate, runs=listed)).removesuffix(b"}")
        return
    yield msgspec.json.encode(msgspec.structs.replace(certificate, version=PACKED_VERSION, runs=())).removesuffix(b"}")
    yield b',"packed_runs":{"first_ns":%d,"step_ns":%d,"runs":' % (packing.first_ns, packing.step_ns)
    begin = b"["
    for entries in chain(packs, map(packing.entries, rest)):
        assert entries is not None, "what comes beside a certificate are whole bars"
        if entries:
            yield begin + msgspec.json.encode(entries)[1:-1]
            begin = b","
    yield b'],"told":' + msgspec.json.encode(tuple(packing.told)) + b"}"


def is_sealed(path: Path) -> bool | None:
    """Return whether a certificate's file is as it was written; ``None``: it is not there, or has no seal.

    Raises:
        DataError: the file cannot be read.
    """
    try:
        raw = patiently(path.read_bytes)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    body, found, seal = raw.rstrip(b"\n").rpartition(_SEAL[:_UNTIL_SEAL])
    if not found:
        return False if b'"seal"' in raw else None  # in another spelling, or at another place
    return seal == _SEAL[_UNTIL_SEAL:] % _seal_of(body)


def _stated_earlier(path: Path) -> int:
    try:
        return msgspec.json.decode(patiently(path.read_bytes), type=_Neighbours).earlier
    except (*UNREADABLE, OSError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def remember(path: Path, unsealed: Callable[[], dict[str, list[str]]]) -> None:
    """Write down that from now on certificates are sealed, unless that is written down already.

    Args:
        path: where.
        unsealed: gives by calendar the dates whose certificates have no seal.

    Raises:
        OSError: the folder or the disk refuses.
    """
    if not path.exists():
        _write_memory(path, _Memory(unsealed()))


def remember_certified(path: Path, certified: Mapping[str, Mapping[str, int]]) -> None:
    """Write down which days are certified, beside those that were; not over what somebody has changed.

    Args:
        path: where.
        certified: how many certificates there are, by calendar and date.

    Raises:
        DataError: what is there cannot be read.
        OSError: the folder or the disk refuses.
    """
    memory = _memory(path)
    if memory is None or is_sealed(path) is False:
        return
    known = {name: dict(dates) for name, dates in memory.certified.items()}
    for name, dates in certified.items():
        there = known.setdefault(name, {})
        there |= {date: max(number, there.get(date, 0)) for date, number in dates.items()}
    if known != memory.certified:
        _write_memory(path, _Memory(memory.unsealed, known))


def once_certified(path: Path) -> dict[str, dict[str, int]] | None:
    """Return by calendar and date how many certificates a store remembers; ``None``: it remembers none.

    Raises:
        DataError: the file cannot be read, or is not what was written.
    """
    memory = _memory(path)
    if memory is not None and is_sealed(path) is False:
        raise DataError(f"{path} was changed after it was written: which days were certified is not known any more")
    return None if memory is None else memory.certified or None


def are_as_written(paths: Sequence[Path], memory: Path, calendar: str, date: str) -> bool | None:
    """Return whether a day's certificates are what was written; ``None``: they are older than seals.

    Args:
        paths: the earlier ones, oldest first, and last the one that counts.
        memory: where the store remembers since when it seals.
        calendar: of the day.
        date: of the day.

    Raises:
        DataError: a file cannot be read.
    """
    sealed = [is_sealed(path) for path in paths]
    older = sum(1 for _ in takewhile(lambda one: one is None, sealed))
    remembered = _Memory({calendar: [date]})
    with suppress(DataError):  # which is a fault of its own, and says nothing of this day
        remembered = _memory(memory) or remembered
    if older and date not in remembered.unsealed.get(calendar, ()):
        return False
    if older == len(sealed):
        return None
    if not all(sealed[older:]):
        return False
    stated = _stated_earlier(paths[-1])
    return len(paths) > stated >= remembered.certified.get(calendar, {}).get(date, 0) - 1


def _memory(path: Path) -> _Memory | None:
    try:
        return msgspec.json.decode(patiently(path.read_bytes), type=_Memory)
    except FileNotFoundError:
        return None
    except (*UNREADABLE, OSError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def _write_memory(path: Path, memory: _Memory) -> None:
    body = msgspec.json.encode(memory).removesuffix(b"}")
    with replacing(path) as sink:
        sink.write(body + _SEAL % _seal_of(body) + b"\n")


def _seal_of(body: bytes) -> bytes:
    return _spelled(hashlib.sha256(body))


def _spelled(seal: "hashlib._Hash") -> bytes:
    return seal.hexdigest()[:32].encode()


def keep_beside(path: Path, earlier: Sequence[Path]) -> None:
    """Copy a certificate to the next numbered place, unless it is the last one already: a crash may have come between.

    Raises:
        OSError: the folder or the disk refuses.
    """
    raw = path.read_bytes()
    if not earlier or earlier[-1].read_bytes() != raw:
        with replacing(path.with_suffix(f".{len(earlier) + 1}.json")) as sink:
            sink.write(raw)


def outlives(old: SessionCertificate, new: SessionCertificate) -> bool:
    """Return whether a certificate is kept although another takes its place: what a live day issued is a record.

    Of old ones nobody knows whether a live day issued them, so they are kept as well.
    """
    return old.is_live is not False and not new.is_live


def succeeding(old: SessionCertificate | None, new: SessionCertificate) -> SessionCertificate:
    """Return the new certificate with the digest of the old one in ``replaces``.

    One of the same digest passes on what it had replaced itself, unless a live day issued it.
    """
    if old is None or msgspec.structs.replace(new, replaces=old.replaces) == old:
        return old or new
    is_record = old.is_live is True and not new.is_live
    replaces = old.replaces if old.digest == new.digest and not is_record else old.digest
    return msgspec.structs.replace(new, replaces=replaces)


def check_day(certificate: SessionCertificate, calendar: str, date: str) -> None:
    """Check that a certificate is that of a day.

    Raises:
        DataError: it is that of another.
    """
    if (certificate.calendar, certificate.date) != (calendar, date):
        raise DataError(
            f"the certificate of {certificate.calendar} on {certificate.date} is not that of {calendar} on {date}"
        )


def _check(head: _Head, calendar: str, date: str) -> None:
    if head.version not in (CERTIFICATE_VERSION, PACKED_VERSION):
        raise DataError(
            f"expected version {CERTIFICATE_VERSION} or {PACKED_VERSION} of the format, found {head.version}"
        )
    if (head.calendar, head.date) != (calendar, date):
        raise DataError(f"expected {calendar} on {date}, found {head.calendar} on {head.date}")


@contextmanager
def _explained(path: Path, calendar: str, date: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    except (*UNREADABLE, OSError, ValueError) as error:
        expected = f"expected a JSON file with the certificate of {calendar} on {date}"
        raise DataError(f"{path} cannot be read: {expected}, but: {error}") from error
