"""Damaged bytes: cut, with others among them, or some gone; how many a long run takes, and what must follow of each."""

import contextlib
import gc
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from random import Random

from hypothesis import strategies as st

from actors.session_data.core import SessionDataCore
from actors.settings import SessionRules
from messages import BarsArrived, FeedBars, FeedQuotes, FeedTicks, MessagesRejected, QuotesArrived, TicksArrived
from messages.feeds import FeedItem
from tests.builders import DAY, at, opened, time

MANY = int(os.environ.get("BARKEEPER_FUZZ", "300"))
"""How many inputs a door gets in the long run: 20,000 with ``BARKEEPER_FUZZ=20000``."""

_ODD = (b"NaN", b"null", b"-1", b"1e999", b"9" * 20, b"-9223372036854775808", b'"', b"\xff\xfe", b"[[[", b"\n")


def damaged(whole: bytes) -> st.SearchStrategy[bytes]:
    """Return what is left of sound bytes, for hypothesis."""
    return st.integers(0, 2**32).map(lambda seed: one_damaged(Random(seed), whole))


def many_damaged(whole: bytes) -> Iterator[bytes]:
    """Yield so many of a long run; drawn by hypothesis they would take fifty times as long."""
    for seed in range(MANY):
        yield one_damaged(Random(seed), whole)


def one_damaged(dice: Random, whole: bytes) -> bytes:
    """Return what is left of sound bytes; the same dice leave the same."""
    raw = bytearray(whole)
    first = dice.randrange(len(raw))
    match dice.choice(("cut", "gone", "zero", "other", "flip")):
        case "cut":
            del raw[first:]
        case "gone":
            del raw[first : first + dice.randint(1, 200)]
        case "zero":
            count = dice.randint(1, 64)
            raw[first : first + count] = bytes(count)
        case "other":
            new = dice.choice((*_ODD, dice.randbytes(dice.randint(1, 16))))
            raw[first : first + dice.randint(0, 16)] = new
        case _:
            for _ in range(dice.randint(1, 8)):
                raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
    return bytes(raw)


def overwritten(dice: Random, whole: bytes, first: int = 0) -> bytes:
    """Return bytes of which some, from a place on, say something else; there are as many of them as before."""
    raw = bytearray(whole)
    place = dice.randrange(first, len(raw))
    new = dice.choice((*_ODD, bytes(dice.randint(1, 64)), dice.randbytes(dice.randint(1, 16))))[: len(raw) - place]
    raw[place : place + len(new)] = new
    return bytes(raw)


@contextlib.contextmanager
def bounded(most_mb: float = 64.0) -> Iterator[None]:
    """Let this process grow by no more than that meanwhile, where the system tells how large it is."""
    before = _held_mb()
    yield
    grown = _held_mb() - before
    assert grown <= most_mb, f"{grown:.0f} MB more than before"


def _held_mb() -> float:
    gc.collect()
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6 if statm.exists() else 0.0


def refusal(kind: type[Exception] | tuple[type[Exception], ...], call: Callable[[], object]) -> str:
    """Return how something is refused; empty: it is not. Another error is none of ours."""
    try:
        call()
    except kind as error:
        return str(error) or "nothing was said"
    return ""


def adds_up(items: Iterable[FeedItem]) -> int:
    """Have a session take what was understood; return how much could not be."""
    core = SessionDataCore(SessionRules())
    core.handle(opened(DAY, ["A", "B"]))
    given = misread = 0
    for item in items:
        if isinstance(item, FeedBars):
            core.handle(BarsArrived(batch=item.batch, now_ns=at("09:40"), source="f", is_correction=item.is_correction))
            given += len(item.batch)
        elif isinstance(item, FeedTicks):
            told = TicksArrived(ticks=item.ticks, ids=item.ids, now_ns=at("09:40"), source="f", is_folded=True)
            core.handle(told)
            given += len(item.ticks)
        elif isinstance(item, FeedQuotes):
            core.handle(QuotesArrived(quotes=item.quotes, now_ns=at("09:40"), source="f"))
            given += len(item.quotes)
        elif isinstance(item, MessagesRejected):
            misread += item.count
            assert item.first[0].expected
    core.handle(time("09:41"))
    core.check()
    assert core.troubles() == ()
    assert sum(taken.received for taken in core.senders.accounts().values()) == given
    return misread
