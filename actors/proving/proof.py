"""A proof as a file that travels: what was proven, of what, and how it came out; and the same recomputed elsewhere."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from actors.kernel.ports import BarStore
from actors.kernel.prints import KeepsPrints
from actors.proving import chain
from actors.proving.prover import Proof, Prover, Question
from actors.storage.elsewhere.opening import OpenedStore, open_store
from actors.storage.journal.file import JournalFile, folder_beside, path_of
from actors.storage.journal.prints import digest_of as digest_of_prints
from actors.storage.migration import digest_of
from messages.codec import encode
from messages.errors import DataError

VERSION = 1
_PLACES = ("strategy", "store")
"""Where things lie: on another computer elsewhere."""

Record = dict[str, Any]


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a proof that was recomputed."""

    records: int
    first: int | None
    """The number of the first record that differs, from 1; ``None``: all are the same."""
    fault: str
    """In what, in a sentence; empty where all are the same."""
    is_proven: bool
    """What the file says, whether that is so or not."""
    remarks: list[str]


def write(path: Path, proof: Proof) -> str:
    """Write a proof; return the digest of its last record, which stands for the whole.

    Raises:
        DataError: the disk refuses, or a day cannot be read.
    """
    return chain.write(path, records_of(proof))


def verify(
    path: Path,
    strategy: str | None = None,
    store: str | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Checked:
    """Recompute a proof, and compare it record by record.

    Args:
        path: the file.
        strategy: where the strategy lies here; by default as the file says.
        store: where the store is here; by default as the file says.
        on_progress: called with how many cuts are done.

    Raises:
        DataError: the file cannot be read, or is not as it was written.
        BarkeeperError: there is no such store or strategy here.
    """
    found = chain.read(path)
    question = _question(path, found[0])
    here = msgspec.structs.replace(question, strategy=strategy or question.strategy, store=store or question.store)
    made = [
        msgspec.json.decode(msgspec.json.encode(record))
        for record in records_of(Prover(here, on_progress=on_progress).prove())
    ]
    remarks = []
    for number, record in enumerate(found, start=1):
        other = made[number - 1] if number <= len(made) else {}
        if "journal" in record and record["journal"] != other.get("journal") and other.get("journal") is None:
            remarks.append(f"the journal of {record['date']} is not here: it was not compared")
            other = {**other, "journal": record["journal"]}
        if (fault := _difference(record, other)) is not None:
            said = f"record {number} ({_name(record)}): {fault}"
            return Checked(records=len(found), first=number, fault=said, is_proven=_is_proven(found), remarks=remarks)
    if len(made) > len(found):
        said = f"record {len(found) + 1}: there is none, expected {_name(made[len(found)])}"
        return Checked(
            records=len(found), first=len(found) + 1, fault=said, is_proven=_is_proven(found), remarks=remarks
        )
    return Checked(records=len(found), first=None, fault="", is_proven=_is_proven(found), remarks=remarks)


def records_of(proof: Proof) -> Iterator[Record]:
    """Yield what a proof's file holds, in order: the question, the strategy, the days, the run, the cuts, the outcome.

    Raises:
        DataError: a day cannot be read.
    """
    yield {"record": "question", "version": VERSION, **msgspec.to_builtins(proof.question)}
    for name, digest in proof.sources.items():
        yield {"record": "source", "file": name, "sha256": digest}
    with closing(open_store(proof.question.store, read_only=True)) as store:
        for calendar, date in proof.days:
            yield _day(store, calendar, date)
    yield {"record": "run", **msgspec.to_builtins(proof.run)}
    for cut in proof.cuts:
        yield {"record": "cut", **msgspec.to_builtins(cut)}
    yield {
        "record": "outcome",
        "is_proven": proof.is_proven,
        "leaks": msgspec.to_builtins(proof.leaks),
        "remarks": proof.remarks,
    }


def _day(store: OpenedStore, calendar: str, date: str) -> Record:
    day, certificate = store.read(calendar, date), store.certificate(calendar, date)
    prints = store.prints(calendar, date) if isinstance(store, KeepsPrints) else None
    return {
        "record": "day",
        "calendar": calendar,
        "date": date,
        "bars": None if day is None else digest_of(day),
        "prints": None if prints is None else digest_of_prints(prints),
        "journal": _journal(store, calendar, date),
        "certificate": None if certificate is None else hashlib.sha256(msgspec.json.encode(certificate)).hexdigest(),
        "adjustments": hashlib.sha256(msgspec.json.encode(_known(store, date))).hexdigest(),
    }


def _known(store: BarStore, date: str) -> list[Any]:
    return [one for one in store.adjustments() if one.ex_date <= date]


def _journal(store: OpenedStore, calendar: str, date: str) -> str | None:
    """Return the digest of a day's journal, message by message; ``None``: it is not here."""
    if store.folder is None or not (path := path_of(folder_beside(store.folder), calendar, date)).is_file():
        return None
    total = hashlib.sha256()
    with closing(JournalFile(path, read_only=True)) as file:
        for now_ns, message in file.messages():
            total.update(now_ns.to_bytes(8, "big") + encode(message))
    return total.hexdigest()


def _question(path: Path, first: Mapping[str, Any]) -> Question:
    asked = {name: value for name, value in first.items() if name not in ("record", "version")}
    if first.get("record") != "question" or first.get("version") != VERSION:
        raise DataError(
            f"{path}: expected a proof of version {VERSION}, found {first.get('record')} {first.get('version')}"
        )
    try:
        return msgspec.convert(asked, Question)
    except msgspec.ValidationError as error:
        raise DataError(f"{path}, record 1: {error}") from error


def _difference(here: Mapping[str, Any], there: Mapping[str, Any]) -> str | None:
    """Return in what two records differ, as far as that does not depend on where things lie."""
    for name, value in here.items():
        if name in _PLACES and "version" in here:
            continue
        if name == "hint" or value == there.get(name):
            continue
        return f"{name} is {value!r}, recomputed it is {there.get(name)!r}"
    return None


def _name(record: Mapping[str, Any]) -> str:
    kind = str(record.get("record"))
    return f"{kind} {record[key]}" if (key := {"day": "date", "cut": "at", "source": "file"}.get(kind, "")) else kind


def _is_proven(records: list[Record]) -> bool:
    return bool(records[-1].get("is_proven"))
