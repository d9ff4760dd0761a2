"""From which day on a store is replayed, and which cannot be."""

from pathlib import Path
from typing import Any

import pytest

from actors.doors.commands.live_plan import plan
from messages.errors import BarkeeperError
from messages.values import MINUTE_NS
from tests.doors.commands.test_live_plan import wishes
from tests.doors.conftest import DAYS


def test_a_store_that_has_no_day_at_hand_is_replayed_from_its_last(store: Path, tmp_path: Path) -> None:
    made = plan(wishes(tmp_path, feed="replay", comes_from=str(store)))

    session = made.calendar.session(DAYS[1])
    assert session is not None
    assert 0 < session.open_ns - made.clock.now_ns() <= MINUTE_NS
    assert (made.speed, made.settings.symbols) == (1.0, ())


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({"start": "2024-07-04"}, "the last day that could be replayed is 2024-07-03"),
        ({"calendar": "XLON"}, "there is no day of XLON to replay"),
    ],
)
def test_a_day_that_is_not_stored_cannot_be_replayed(
    store: Path, tmp_path: Path, said: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(BarkeeperError, match=complaint):
        plan(wishes(tmp_path, feed="replay", comes_from=str(store), **said))


def test_a_day_is_not_replayed_into_the_store_that_it_lies_in(store: Path, tmp_path: Path) -> None:
    with pytest.raises(BarkeeperError, match="is the store that is written to"):
        plan(wishes(tmp_path, feed="replay", comes_from=str(store), store=store))
