"""A folder of results: what is done stays, whatever happens next, and the same sweep goes on from there.

``sweep.json`` says which sweep it is; every other file has some outcomes, and is there whole or not at all. What
failed is not kept, so a rerun tries it again.
"""

import hashlib
import inspect
import re
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from actors.kernel.ports import BarStore
from actors.storage.atomic import FolderSyncs, replacing
from actors.storage.elsewhere.object_path import ObjectPath
from actors.strategy import Strategy
from actors.sweep.pieces import Outcome, Row
from actors.sweep.plan import Plan
from actors.sweep.shipping import shipped
from messages.errors import UNREADABLE, DataError, SettingsError

_HEAD = "sweep.json"
_SUFFIX = ".results"
_PLACES = ("*", "*/*", "*/*/*")
"""Where a store has files: on top, of a calendar, and of a day."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d")

Key = tuple[str | None, int]
"""A chain: symbol and set of parameters."""


class ResultsFolder:
    """Where outcomes are kept.

    Args:
        path: the folder; made if it is not there.
        marks: what makes this sweep this one, by a word for each.

    Raises:
        SettingsError: the folder holds another sweep's results, or something else.
        DataError: the disk refuses, or ``sweep.json`` cannot be read.
    """

    def __init__(self, path: Path, marks: dict[str, str]) -> None:
        self.path = path
        self.rows: dict[tuple[str, str | None, int], Row] = {}
        """What has been done."""
        self.carried: dict[Key, bytes | None] = {}
        """What the latest session of each chain left."""
        self.remarks: list[str] = []
        self._latest: dict[Key, str] = {}
        self._syncs = FolderSyncs()
        head = path / _HEAD
        try:
            there = sorted(path.iterdir()) if path.exists() else []
            if head not in there:
                if any(not one.name.startswith(".") for one in there):
                    raise SettingsError(
                        f"{path} is not empty and holds no sweep; results go into a folder of their own"
                    )
                self._write(head, msgspec.json.format(msgspec.json.encode(marks)))
            else:
                self._compare(head, marks)
            for file in there:
                if file.suffix == _SUFFIX and not file.name.startswith("."):
                    self._read(file)
        except OSError as error:
            raise DataError(f"the results folder {path}: {error}") from error

    def keep(self, outcomes: Sequence[Outcome]) -> None:
        """Write outcomes down; those without a result are left out.

        Raises:
            DataError: the disk refuses.
        """
        done = [
            msgspec.structs.replace(outcome, rows=tuple(row for row in outcome.rows if row.error is None))
            for outcome in outcomes
        ]
        if kept := [outcome for outcome in done if outcome.rows]:
            try:
                self._write(self.path / f"{uuid.uuid4().hex}{_SUFFIX}", msgspec.msgpack.encode(kept))
            except OSError as error:
                raise DataError(
                    f"results cannot be written to {self.path}: {error.strerror or error}; what is there stays, and "
                    "the same call goes on from there"
                ) from error

    def _write(self, file: Path, data: bytes) -> None:
        try:
            with replacing(file) as sink:
                sink.write(data)
        except OSError:
            file.with_name(f".{file.name}.tmp").unlink(missing_ok=True)
            raise
        self._syncs.sync(file.parent)

    def _compare(self, head: Path, marks: dict[str, str]) -> None:
        try:
            found = msgspec.json.decode(head.read_bytes(), type=dict[str, str])
        except UNREADABLE as error:
            raise DataError(f"{head}: expected which sweep it is of: {error}") from error
        if other := [word for word in marks if found.get(word) != marks[word]]:
            raise SettingsError(
                f"{self.path} holds the results of another sweep: it had another {' and '.join(other)}; give this one "
                "a folder of its own"
            )

    def _read(self, file: Path) -> None:
        try:
            outcomes = msgspec.msgpack.decode(file.read_bytes(), type=list[Outcome])
        except UNREADABLE as error:
            self.remarks.append(f"{file} cannot be read ({error}): what it had is played again")
            return
        for outcome in outcomes:
            for row in outcome.rows:
                self.rows[row.key] = row
            last = outcome.rows[-1]
            chain = last.symbol, last.parameters
            if outcome.carried is not None and last.date >= self._latest.get(chain, ""):
                self._latest[chain], self.carried[chain] = last.date, outcome.carried


def marks_of(plan: Plan, strategy: Strategy, store: BarStore) -> dict[str, str]:
    """Return what tells a sweep from others: whoever changes any of it gets other results."""
    settings = msgspec.structs.replace(plan.settings, store="", symbols=(), start=None, end=None, last=None)
    sessions = sorted((chain.symbol or "", chain.parameters, chain.dates) for chain in plan.chains)
    return {
        "strategy": f"{strategy.name} {_digest(_source(strategy))}",
        "grid": repr(plan.grid),
        "range of sessions or symbols": _digest(
            repr((plan.calendar, sorted(plan.settings.symbols), sessions)).encode()
        ),
        "warm-up or other option": _digest(repr((plan.warm_up, settings)).encode()),
        "store, or its days have changed": _digest(repr(sorted(_days(plan, store))).encode()),
    }


def _source(strategy: Strategy) -> bytes:
    """Return what the strategy is written as: its whole file, or itself where it is in none."""
    looks: tuple[Callable[[Any], bytes], ...] = (
        lambda given: Path(inspect.getfile(given)).read_bytes(),
        lambda given: inspect.getsource(given).encode(),
    )
    for look in looks:
        try:
            return look(strategy.given)
        except (OSError, TypeError):
            continue
    return shipped(strategy.given, strategy.name)


def _days(plan: Plan, store: BarStore) -> Iterator[tuple[str, ...]]:
    """Yield what can be seen of a store's days up to the last that is played, without reading them."""
    last = max(date for chain in plan.chains for date in chain.dates)
    root = getattr(store, "root", None)
    if not isinstance(root, (Path, ObjectPath)):
        yield from ((date, *store.symbols(plan.calendar, date)) for date in store.dates(plan.calendar) if date <= last)
        return
    for path in (path for pattern in _PLACES for path in root.glob(pattern)):
        place = str(path).removeprefix(str(root))
        dated = _DATE.search(place)
        if not path.name.startswith(".") and not path.is_dir() and not (dated and dated[0] > last):
            seen = path.stat()
            yield place, str(seen.st_size), str(seen.st_mtime_ns)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
