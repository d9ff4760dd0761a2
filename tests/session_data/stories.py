"""A session's tape told in several ways, and what comes of it, in values that can be compared."""

import random
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.session_data.core import SessionDataCore
from actors.settings import SessionRules
from messages import (
    AddSymbols,
    Bar,
    BarBatch,
    BarsArrived,
    BarsUpdated,
    Message,
    RemoveSymbols,
    SessionBoundary,
    TimeAdvanced,
    TradingSession,
)
from messages.values import MINUTE_NS, ONE_MINUTE, SECOND_NS
from tests.builders import arrived
from tests.session_data.streams import (
    INTERVALS,
    SOUND,
    bar_of,
    minutes_of,
    play,
)
from tests.session_data.telling import digest

NAMES = tuple("ABCDEFGH")


def whole(given: Iterable[Bar], now: int | None = None, *, ticket: int = 0, is_sane: bool = True) -> BarsArrived:
    """All that there is until now; until the last bar is over unless now is given."""
    bars = list(given)
    now_ns = max(one.known_ns for one in bars) if now is None else now
    return whole_of(tape_of(bars, is_sane=is_sane), now_ns, ticket)


def whole_of(batch: BarBatch, now_ns: int, ticket: int = 0) -> BarsArrived:
    return BarsArrived(batch=batch, now_ns=now_ns, is_whole=True, ticket=ticket)


def tape_of(given: Sequence[Bar], symbols: Sequence[str] = (), *, is_sane: bool = True) -> BarBatch:
    """Bars with the table of their session, which may name symbols that have none, and in any order."""
    batch = BarBatch.of(sorted(given, key=lambda one: (one.start_ns, one.symbol)))
    table = tuple(symbols) if symbols else batch.symbols
    places = np.array([table.index(symbol) for symbol in batch.symbols], dtype=np.int32)
    index = places[batch.symbol_index]
    order = np.lexsort((index, batch.start_ns))
    return BarBatch(
        symbols=table,
        symbol_index=index[order],
        start_ns=batch.start_ns[order],
        values=np.ascontiguousarray(batch.values[:, order]),
        is_sane=is_sane,
    )


def message_key(message: Message) -> Any:
    """A message as values that can be compared; bars by their symbols, starts and numbers."""
    if not isinstance(message, BarsUpdated):
        return message
    batch = message.batch
    return (
        *(str(message.interval), message.revision, message.base_counts, message.base_expected, message.is_repair),
        *(batch.names(), batch.start_ns.tolist(), repr(batch.values.tolist())),
    )


def insides(core: SessionDataCore) -> dict[str, Any]:
    """What the book holds, cell by cell."""
    book = core._book
    assert book is not None
    count = len(book.grid.symbols)
    return {
        "digest": digest(core),
        "values": repr(book.grid.values[:, :, :count].tolist()),
        "verdicts": book.grid.verdicts[:, :count].tolist(),
        "revisions": book.grid.revisions[:, :count].tolist(),
        "senders": book.grid.sources[:, :count].tolist(),
        "symbols": book.grid.symbols,
        "published": book.derived.counts(count).tolist(),
        "first": book.updates.first_ns[:count].tolist(),
        "last": book.updates.last_ns[:count].tolist(),
        "ledger": vars(book.ledger),
        "closed": (book.closed, book.revision),
    }


class Story:
    """A session's tape, what else is told between its minutes, and several ways to tell it all."""

    def __init__(
        self, session: TradingSession, tape: Sequence[Bar], table: Sequence[str], between: dict[int, list[Message]]
    ) -> None:
        self.slots = minutes_of(session)
        self._tape = tape_of(tape, table)
        self._between = between

    def minute_by_minute(self) -> list[Message]:
        """When a minute begins, its bars, and when it is over, as a live feed and its clock would tell them."""
        told: list[Message] = []
        for slot, start in enumerate(self.slots):
            batch = self._bars(slot, slot + 1)
            if len(batch):
                told += [TimeAdvanced(now_ns=start), BarsArrived(batch=batch, now_ns=start + MINUTE_NS)]
            told += [TimeAdvanced(now_ns=start + MINUTE_NS), *self._between.get(slot, [])]
        return told

    def in_runs(self, lengths: Sequence[int], *, is_sane: bool) -> list[Message]:
        """Whole minutes in runs of these lengths, over and over; what is told between them ends a run."""
        told: list[Message] = []
        first, turn = 0, 0
        while first < len(self.slots):
            until = next((slot + 1 for slot in range(first, len(self.slots)) if slot in self._between), None)
            end = min(first + lengths[turn % len(lengths)], until or len(self.slots), len(self.slots))
            now_ns, batch = self.slots[end - 1] + MINUTE_NS, replace(self._bars(first, end), is_sane=is_sane)
            is_empty = len(batch) == 0
            told.append(TimeAdvanced(now_ns=now_ns) if is_empty else whole_of(batch, now_ns))
            told += self._between.get(end - 1, [])
            first, turn = end, turn + 1
        return told

    def from_tape(self, opening: SessionBoundary) -> tuple[SessionBoundary, list[Message]]:
        """The opening with its tape, and whole minutes one by one that say where on it they are."""
        told = [
            replace(one, first_row=int(np.searchsorted(self._tape.start_ns, one.batch.start_ns[0])))
            if isinstance(one, BarsArrived) and one.is_whole
            else one
            for one in self.in_runs([1], is_sane=True)
        ]
        return replace(opening, tape=replace(self._tape, is_sane=True)), told

    def _bars(self, first: int, end: int) -> BarBatch:
        bounds = (self.slots[first], self.slots[end - 1] + MINUTE_NS)
        return self._tape.rows(*np.searchsorted(self._tape.start_ns, bounds).tolist())


@st.composite
def stories(draw: st.DrawFn, session: TradingSession) -> tuple[tuple[str, ...], Story]:
    """The symbols of the opening, and a story: some symbols quiet, some unknown at first, some minutes empty."""
    dice = random.Random(draw(st.integers(0, 2**16)))
    table = draw(st.sampled_from([NAMES[:1], NAMES[:3], NAMES, tuple(reversed(NAMES[:3]))]))
    quiet = {symbol: draw(st.sampled_from([0.0, 0.0, 0.0, 0.1, 0.6])) for symbol in table}
    slots = minutes_of(session)
    empty = draw(st.sets(st.sampled_from(slots), max_size=2))
    tape = [
        bar_of(symbol, start, dice.choice(SOUND))
        for start in slots
        if start not in empty
        for symbol in table
        if dice.random() >= quiet[symbol]
    ]
    known = draw(st.sampled_from([table, table, table, table[:1], table[1:], ()]))
    places = draw(st.lists(st.integers(0, len(slots) - 1), max_size=3, unique=True))
    return known, Story(session, tape, table, {slot: draw(interruptions(slots, slot, table)) for slot in places})


def interruptions(slots: Sequence[int], slot: int, table: Sequence[str]) -> st.SearchStrategy[list[Message]]:
    """What may be told when a minute is over: bars that are late or corrected, symbols that come or go."""
    now = slots[slot] + MINUTE_NS
    late = st.builds(bar_of, st.sampled_from((*table, "Z")), st.sampled_from(slots[: slot + 1]), st.sampled_from(SOUND))
    some = st.sampled_from((*table, "Y")).map(lambda symbol: (symbol,))
    one = st.one_of(
        st.builds(lambda given, fix: arrived(given, now=now, source="desk", is_correction=fix), late, st.booleans()),
        st.builds(lambda symbols: AddSymbols(symbols=symbols), some),
        st.sampled_from(table).map(lambda symbol: RemoveSymbols(symbols=(symbol,))),
    )
    return st.lists(one, min_size=1, max_size=2)


RULES = st.builds(
    SessionRules,
    intervals=st.just(INTERVALS[1:]),
    grace_ns=st.sampled_from([0, 0, 0, 30 * SECOND_NS, 90 * SECOND_NS]),
    unknown_symbols=st.sampled_from(["add", "add", "reject"]),
    keep_extra=st.booleans(),
)


def difference(one: Any, other: Any) -> Any:
    """The first place where two sequences or two dicts differ; an assertion would compare and print all of them."""
    if isinstance(one, dict):
        return next(((key, one[key], other[key]) for key in one if one[key] != other[key]), None)
    places = range(max(len(one), len(other)))
    return next(((i, one[i : i + 1], other[i : i + 1]) for i in places if one[i : i + 1] != other[i : i + 1]), None)


def heard(core: SessionDataCore, opening: Message, messages: list[Message]) -> list[Any]:
    """What is said, in order, as it can be compared."""
    return keys_of(play(core, [opening, *messages]))


def keys_of(events: Iterable[Message]) -> list[Any]:
    """What can be compared; derived bars of one block that come together are one thing, in one piece or in two."""
    keys: list[Any] = []
    pieces: dict[Any, list[Any]] = {}
    for said in events:
        if isinstance(said, BarsUpdated) and said.interval != ONE_MINUTE and not said.is_repair:
            kind = (str(said.interval), said.start_ns, said.revision, said.base_expected)
            counts = said.base_counts or (said.base_expected,) * len(said.batch)
            bars = zip(said.batch.names(), counts, said.batch.values.T.tolist(), strict=True)
            pieces.setdefault(kind, []).extend(bars)
            continue
        keys += [(*kind, sorted(map(repr, bars))) for kind, bars in pieces.items()]
        pieces.clear()
        keys.append(message_key(said))
    return [*keys, *((*kind, sorted(map(repr, bars))) for kind, bars in pieces.items())]
