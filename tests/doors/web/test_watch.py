"""What has changed between two looks at a session, and what a minute was seen to become."""

import base64

import numpy as np
import pytest

from actors.doors.web.told import CellsTold
from actors.doors.web.watch import Watched
from messages import Verdict, VerdictPlane
from messages.values import MINUTE_NS, SECOND_NS
from tests.builders import session_tiny

SESSION = session_tiny(4)
P, S, M, F = Verdict.PENDING, Verdict.STREAMED, Verdict.MISSING, Verdict.FILLED
WIDTH = 20
NAMES = tuple(f"S{number:02}" for number in range(WIDTH))


def plane(*minutes: list[Verdict], closed: int, after_s: int) -> VerdictPlane:
    """A look at the session so many seconds after its open."""
    rows = [*minutes, *([[P] * WIDTH] * (4 - len(minutes)))]
    return VerdictPlane(
        session=SESSION,
        symbols=NAMES,
        start_ns=np.arange(4, dtype=np.int64) * MINUTE_NS + SESSION.start_ns,
        verdicts=np.array(rows, dtype=np.uint8),
        closed=closed,
        now_ns=SESSION.start_ns + after_s * SECOND_NS,
        revision=after_s,
    )


ALL, LACKS, PARTLY = [S] * WIDTH, [M, M, *[S] * (WIDTH - 2)], [F, M, *[S] * (WIDTH - 2)]


def looked(watched: Watched, *looks: VerdictPlane) -> list[CellsTold]:
    told = [watched.look(look) for look in looks]
    return [one for one in told if one is not None]


def test_a_minute_of_which_much_has_changed_is_told_whole_and_one_of_little_by_its_cells() -> None:
    watched = Watched(plane(ALL, closed=1, after_s=61))
    whole, few = looked(watched, plane(ALL, LACKS, closed=2, after_s=121), plane(ALL, PARTLY, closed=2, after_s=150))

    assert [minute for minute, _ in whole.columns] == [1]
    assert list(base64.b64decode(whole.columns[0][1])) == LACKS
    assert (whole.closed, whole.cells) == (2, [])
    assert (few.columns, few.cells) == ([], [(1, 0, F)])


def test_where_nothing_has_changed_nothing_is_told() -> None:
    watched = Watched(plane(ALL, closed=1, after_s=61))

    assert looked(watched, plane(ALL, closed=1, after_s=62)) == []


def test_a_minute_that_closes_is_told_although_its_verdicts_stay() -> None:
    (told,) = looked(Watched(plane(ALL, closed=0, after_s=59)), plane(ALL, closed=1, after_s=60))

    assert (told.closed, told.columns, told.cells) == (1, [], [])


def test_what_a_minute_was_seen_to_become_is_remembered_with_the_look_before() -> None:
    watched = Watched(plane(closed=0, after_s=0))
    looked(watched, plane(LACKS, closed=1, after_s=61), plane(PARTLY, closed=1, after_s=90))
    turns = watched.turns("S00", SESSION.start_ns)
    (plain,) = watched.turns("S05", SESSION.start_ns)
    seconds = [((turn.seen_ns - SESSION.start_ns) // SECOND_NS, turn.verdict) for turn in turns]

    assert seconds == [(61, M), (90, F)]
    assert (plain.verdict, plain.after_ns - SESSION.start_ns) == (S, 0)
    assert turns[1].after_ns == turns[0].seen_ns


def test_of_what_was_there_before_the_first_look_no_time_is_known() -> None:
    watched = Watched(plane(ALL, closed=1, after_s=61))

    assert watched.turns("S00", SESSION.start_ns) == []
    assert watched.verdict("S00", SESSION.start_ns) is S


@pytest.mark.parametrize(("symbol", "start_ns"), [("NONE", SESSION.start_ns), ("S00", 7), ("S00", SESSION.end_ns)])
def test_a_minute_that_is_none_has_no_verdict(symbol: str, start_ns: int) -> None:
    watched = Watched(plane(ALL, closed=1, after_s=61))

    assert watched.verdict(symbol, start_ns) is None
    assert watched.turns(symbol, start_ns) == []


def test_another_session_or_other_symbols_are_not_what_was_watched() -> None:
    one = plane(ALL, closed=1, after_s=61)
    other = VerdictPlane(**{name: getattr(one, name) for name in one.__struct_fields__} | {"symbols": NAMES[::-1]})

    assert Watched(one).is_of(plane(closed=0, after_s=0))
    assert not Watched(one).is_of(other)
