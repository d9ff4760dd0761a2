"""Runs a strategy once, then again and again in worlds with another future, and compares what it did until then."""

import hashlib
import random
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from actors.proving.lookouts import FileWatch, clocks_in, imports_of
from actors.proving.plain_values import difference, told
from actors.proving.witness import Entry, Stopped, Witness, WitnessedSystem
from actors.proving.worlds import Archive, Cut, World
from actors.storage.elsewhere.opening import open_store
from actors.strategy import Strategy, is_users, load
from messages.errors import SettingsError, StrategyFailed
from messages.values import Nanos, Seen, TradingSession, moment

Load = Callable[[], Strategy]

_TRIES = 6
_BEFORE = 5
"""So many days before the first may be read as its history."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be proven: of which strategy, on which days, with how many cuts."""

    strategy: str
    """``FILE.py:NAME``."""
    store: str
    symbols: tuple[str, ...] = ()
    calendar: str | None = None
    start: str | None = None
    end: str | None = None
    last: int | None = None
    seen: Seen = Seen.AS_KNOWN
    extended: bool = False
    closed: tuple[str, ...] = ()
    cuts: int = 50
    seed: int = 1


class Leak(msgspec.Struct, frozen=True, kw_only=True):
    """The first thing in which a run differs from the one with another future."""

    what: str
    """``last_bars('AAPL', 20) .values[3, 19]``, or a variable of the strategy."""
    minute: str
    """The end of the minute that it was handling, in exchange time."""
    here: str
    """What it was in the world as it is."""
    there: str
    """What it was with another future, or once more in the same; no other if the strategy looks past its system."""
    hint: str = ""
    """What may be the cause."""


class CutResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one world with another future showed."""

    at: str
    """The end of the last minute that is the same."""
    seed: int
    entries: int
    """How much was compared: events, answers and states."""
    digest: str
    leak: Leak | None = None


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a run of the strategy came to."""

    minutes: int
    events: str
    """Digest of all that it was told."""
    answers: str
    """Digest of all that it asked and was answered."""
    decisions: str
    """Digest of what it made of that: its variables at every turn, and what it asked for."""
    result: dict[str, Any] | None


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a strategy sees no further than it may."""

    question: Question
    run: Told
    cuts: list[CutResult]
    leaks: list[Leak]
    sources: dict[str, str]
    """By file of the strategy the SHA-256 of its text."""
    days: list[tuple[str, str]]
    """By calendar and date, those that were played, and those before them that could be read."""
    remarks: list[str]

    @property
    def is_proven(self) -> bool:
        """Whether no cut differed, and nothing was looked at past the system."""
        return not self.leaks


class _Run(msgspec.Struct, frozen=True, kw_only=True):
    witness: Witness
    result: dict[str, Any] | None
    error: str = ""


class Prover:
    """Asks a question, and has its answer.

    Args:
        question: see ``Question``.
        find: gives the strategy anew for every run; by default what the question names.
        on_progress: called with how many cuts are done.
    """

    def __init__(
        self, question: Question, find: Load | None = None, on_progress: Callable[[int, int], None] | None = None
    ) -> None:
        self._question = question
        self._find = find or (lambda: load(question.strategy))
        self._on_progress = on_progress or (lambda *_: None)
        self._session: dict[Nanos, TradingSession] = {}

    def prove(self) -> Proof:
        """Run the strategy once, and once for each cut.

        Raises:
            BarkeeperError: there is no such store or strategy, it failed, or it listens to nothing.
        """
        with ExitStack() as stack:
            store = stack.enter_context(closing(open_store(self._question.store, read_only=True)))
            self._archive = Archive(store)
            self._modules = modules_of(self._find())
            self._names = frozenset(one.__name__ for one in self._modules)
            remarks = []
            calendar, dates = self._dates()
            held = self._archive.holds(calendar, dates)
            folders = [store.folder] if store.folder is not None and held else []
            if not folders:
                remarks.append("the files of the store were not watched: its days are too many, or it lies elsewhere")
            watch = stack.enter_context(FileWatch(folders, self._names))
            run = self._run(World(self._archive), watch=watch)
            witness = run.witness
            if run.error:
                raise StrategyFailed(run.error)
            if not witness.minutes:
                raise SettingsError(f"{self._question.strategy} listens to no minutes: there is nothing to cut")
            leak, cuts = self._opened(watch) or self._again(run), list[CutResult]()
            if leak is None:
                cuts = self._cuts(witness)
                leak = next((one.leak for one in cuts if one.leak is not None), None) or self._opened(watch)
        return Proof(
            question=self._question,
            run=_told_of(run),
            cuts=cuts,
            leaks=[] if leak is None else [leak],
            sources=sources_of(self._modules),
            days=[(calendar, date) for date in dates],
            remarks=remarks,
        )

    def _dates(self) -> tuple[str, list[str]]:
        """Return the calendar, and the days that may be read: those that are played, and those before them."""
        asked, store = self._question, self._archive.store
        names = store.calendars()
        calendar = asked.calendar or (names[0] if names else "")
        dates = [date for date in store.dates(calendar) if date <= (asked.end or date)]
        first = next((place for place, date in enumerate(dates) if date >= (asked.start or date)), 0)
        first = max(first, len(dates) - asked.last) if asked.last is not None else first
        return calendar, dates[max(first - _BEFORE, 0) :]

    def _again(self, real: _Run) -> Leak | None:
        """Play the same world once more: what differs depends on something else than the market."""
        run = self._run(World(self._archive))
        place = _first_other(real.witness.entries, run)
        if place is not None:
            return self._named(real.witness, run, lambda: World(self._archive), place)
        found = difference(real.result, run.result)
        last = Entry("its result", real.witness.minute_ns, b"")
        return None if found is None else self._leak(f"its result {found[0]}", last, found[1], found[2])

    def _cuts(self, real: Witness) -> list[CutResult]:
        asked = self._question
        dice = random.Random(asked.seed)  # noqa: S311  # which minutes is no secret
        ends = sorted(set(real.minutes))
        chosen = [dice.choice(ends) for _ in range(asked.cuts)]
        results = []
        for number, at_ns in enumerate(chosen, start=1):
            results.append(self._cut(real, at_ns, dice.getrandbits(32)))
            self._on_progress(number, asked.cuts)
            if results[-1].leak is not None:
                break  # the first is named; the others would say the same
        return results

    def _cut(self, real: Witness, at_ns: Nanos, seed: int) -> CutResult:
        world = self._world(at_ns, seed)
        run = self._run(world, until_ns=at_ns)
        place = _first_other(real.entries, run)
        total = hashlib.sha256(b"".join(one.digest for one in run.witness.entries)).hexdigest()
        leak = None if place is None else self._named(real, run, lambda: self._world(at_ns, seed), place)
        return CutResult(at=self._clock(at_ns), seed=seed, entries=len(run.witness.entries), digest=total, leak=leak)

    def _world(self, at_ns: Nanos, seed: int) -> World:
        session = self._session[at_ns]
        grace_ns = self._grace_ns
        cut = Cut(session=session, at_ns=at_ns, seed=seed, seen=self._question.seen, grace_ns=grace_ns)
        return World(self._archive, cut)

    def _named(self, real: Witness, run: _Run, world: Callable[[], World], place: int) -> Leak:
        """Play both again until they differ, and say in what."""
        there = run.witness.entries[place] if place < len(run.witness.entries) else None
        here = real.entries[place] if place < len(real.entries) else None
        entry = here or there
        assert entry is not None, "one of them has it"
        if here is None or there is None or here.label != there.label:
            said = [told(one.label) if one is not None else run.error or "it had ended" for one in (here, there)]
            return self._leak("what it does next", entry, said[0], said[1])
        found = None
        for _ in range(_TRIES):  # what a clock or dice decide may be the same by chance
            worlds = World(self._archive), world()
            mine, theirs = (self._run(one, captured=place).witness.value for one in worlds)
            if (found := difference(mine, theirs, run.witness.is_own)) is not None:
                break
        if found is None:
            return self._leak(_reader(entry), entry, "other from run to run", "other from run to run")
        path, here_told, there_told = found
        name = (
            f"variable {path.lstrip('.')}" if entry.label == "state" else f"{_reader(entry)} {path.lstrip('.')}".strip()
        )
        return self._leak(name, entry, here_told, there_told)

    def _leak(self, what: str, entry: Entry, here: str, there: str) -> Leak:
        clocks = clocks_in(self._modules)
        hint = f"it asks a clock or dice of its own: {', '.join(clocks)}" if clocks else ""
        minute = self._clock(entry.minute_ns) if entry.minute_ns else "before the first minute"
        return Leak(what=what, minute=minute, here=here, there=there, hint=hint)

    def _opened(self, watch: FileWatch) -> Leak | None:
        """Return that the store's files were opened while the strategy ran, by itself or another process."""
        if not (opened := watch.look()):
            return None
        hint = "while a strategy runs nothing else of this program opens its store's files; another process might"
        minute = self._clock(self._seen_ns) if self._seen_ns else "before the first minute"
        of_both = "the file of the store"
        return Leak(what=f"opens {opened[0]}", minute=minute, here=of_both, there=of_both, hint=hint)

    def _clock(self, at_ns: Nanos) -> str:
        session = self._session.get(at_ns)
        return moment(at_ns, "UTC" if session is None else session.tz).strftime("%Y-%m-%d %H:%M:%S").removesuffix(":00")

    def _run(
        self,
        world: World,
        *,
        until_ns: Nanos | None = None,
        captured: int | None = None,
        watch: FileWatch | None = None,
    ) -> _Run:
        """Let the strategy play a world, to its end or until it is stopped."""
        asked = self._question
        strategy = self._find()
        witness = Witness(self._names, until_ns, captured)
        with WitnessedSystem.backtest(
            world,
            asked.symbols,
            calendar=asked.calendar,
            start=asked.start,
            end=asked.end,
            last=asked.last,
            seen=asked.seen,
            extended_hours=asked.extended,
            closed=asked.closed,
            base_interval=world.base_interval(),
            lockstep_timeout_s=None,
        ) as system:
            assert isinstance(system, WitnessedSystem)
            system.witness = witness
            self._grace_ns = system.grace_ns
            if watch is not None:
                witness.on_minute = lambda ends_ns: self._heard(system, watch, ends_ns)
            result, error = None, ""
            try:
                result = strategy.play(system).result
            except Stopped:
                pass
            except StrategyFailed as failed:
                error = str(failed)
        return _Run(witness=witness, result=result, error=error)

    _seen_ns: Nanos = 0
    _grace_ns: Nanos = 0

    def _heard(self, system: WitnessedSystem, watch: FileWatch, ends_ns: Nanos) -> None:
        """Of the first run: remember whose minute it is, and until when nothing had been opened."""
        self._session[ends_ns] = system.session_at_hand()
        if not watch.look():
            self._seen_ns = ends_ns


def _first_other(real: Sequence[Entry], run: _Run) -> int | None:
    """Return the number of the first entry in which a run differs from the real one; ``None``: in none."""
    mine = run.witness.entries
    for place, entry in enumerate(mine):
        if place >= len(real) or (entry.digest, entry.label) != (real[place].digest, real[place].label):
            return place
    return None if run.witness.is_stopped or len(mine) == len(real) else len(mine)


def _reader(entry: Entry) -> str:
    return "its variables" if entry.label == "state" else entry.label


def _told_of(run: _Run) -> Told:
    entries = run.witness.entries

    def summed(wanted: Callable[[Entry], bool], of: Callable[[Entry], bytes]) -> str:
        return hashlib.sha256(b"".join(of(one) for one in entries if wanted(one))).hexdigest()

    def is_answer(one: Entry) -> bool:
        return one.label != "state" and not one.label.startswith("event ")

    return Told(
        minutes=len(run.witness.minutes),
        events=summed(lambda one: one.label.startswith("event "), lambda one: one.digest),
        answers=summed(is_answer, lambda one: one.digest),
        decisions=summed(
            lambda one: not one.label.startswith("event "),
            lambda one: one.digest if one.label == "state" else one.label.encode(),
        ),
        result=run.result,
    )


def modules_of(strategy: Strategy) -> list[ModuleType]:
    """Return a strategy's module, then those of the user's beside it that it has imported, or that these have."""
    own = sys.modules.get(getattr(strategy.given, "__module__", ""))
    if own is None or (file := getattr(own, "__file__", None)) is None:
        return [] if own is None else [own]
    folder = Path(file).resolve().parent
    near = [module for name, module in list(sys.modules.items()) if _is_beside(name, module, folder)]
    found = [own]
    for one in found:  # which grows
        found += [module for module in near if module not in found and _is_used(one, module)]
    return found


def _is_beside(name: str, module: ModuleType, folder: Path) -> bool:
    place = getattr(module, "__file__", None)
    if place is None or name == "__main__":
        return False
    path = Path(place).resolve()
    return path.is_relative_to(folder) and is_users(name, path)


def _is_used(own: ModuleType, module: ModuleType) -> bool:
    """Return whether a module is one that the strategy's has, or has something of."""
    return module.__name__ in imports_of(own) or any(
        value is module or getattr(value, "__module__", None) == module.__name__ for value in list(vars(own).values())
    )


def sources_of(modules: Sequence[ModuleType]) -> dict[str, str]:
    """Return for each file of a strategy, as it is called from the folder of the first, the SHA-256 of its text."""
    files = [Path(file).resolve() for one in modules if (file := getattr(one, "__file__", None)) is not None]
    return {
        path.relative_to(files[0].parent).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(set(files))
        if path.is_file()
    }
