"""The gaps of a session, in the page's words: how long each was open, and who was asked how often."""

from collections.abc import Iterable

import msgspec

from actors.doors.web.told import ms
from messages.certificates import GapOutcome, GapStory
from messages.values import Gap, Nanos

_SHOWN = 8


class GapTold(msgspec.Struct, frozen=True, kw_only=True):
    """One gap; its minutes are ``[start, end)``."""

    symbols: tuple[str, ...]
    """The first few of them."""
    count: int
    """How many they are."""
    start: int
    end: int
    found: int
    settled: int
    attempts: int
    source: str
    outcome: GapOutcome
    error: str


class GapsTold(msgspec.Struct, frozen=True, kw_only=True):
    """The gaps of a session, in order of time."""

    gaps: list[GapTold]


def gaps_told(stories: Iterable[GapStory], missing: Iterable[Gap] = (), now_ns: Nanos = 0) -> GapsTold:
    """Return gaps in the page's words.

    Args:
        stories: of which somebody keeps account.
        missing: what is missing; it is told where nobody keeps account.
        now_ns: the clock.
    """
    told = [_told(story) for story in stories]
    if not told:
        told = [_told(_untold(gap, now_ns)) for gap in missing]
    return GapsTold(gaps=sorted(told, key=lambda gap: (gap.start, gap.end, gap.symbols)))


def _untold(gap: Gap, now_ns: Nanos) -> GapStory:
    return GapStory(
        symbols=gap.symbols,
        start_ns=gap.start_ns,
        end_ns=gap.end_ns,
        detected_ns=gap.end_ns,
        settled_ns=max(now_ns, gap.end_ns),
        attempts=0,
        source="",
        outcome=GapOutcome.OPEN,
    )


def _told(story: GapStory) -> GapTold:
    return GapTold(
        symbols=story.symbols[:_SHOWN],
        count=len(story.symbols),
        start=ms(story.start_ns),
        end=ms(story.end_ns),
        found=ms(story.detected_ns),
        settled=ms(story.settled_ns),
        attempts=story.attempts,
        source=story.source,
        outcome=story.outcome,
        error=story.error,
    )
