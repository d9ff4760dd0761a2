"""What a run that ends at once leaves behind."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.doors.commands.live import _check_recorded
from actors.doors.commands.live_report import LiveResult, LiveSession, unwritten
from actors.market.calendar import Calendar
from messages.errors import DataError
from messages.replies import Quality, QualityReport, VerdictCounts
from tests.doors.conftest import DAYS
from tests.doors.remote.test_status import EARLY

NOTHING = Quality(completeness=None, bar_quality=None, closed=0, verdicts=VerdictCounts())


def test_bars_that_the_store_does_not_have_yet_are_counted(store: Path, tmp_path: Path) -> None:
    session = Calendar("XNYS").session(DAYS[1])
    verdicts = VerdictCounts(streamed=900, late=60, filled=30, corrected=10, no_trade=5)
    report = QualityReport(
        session_date=DAYS[1],
        quality=msgspec.structs.replace(NOTHING, verdicts=verdicts),
        extended_quality=NOTHING,
        worst=(),
        received=0,
        accepted=0,
        rejected=0,
        duplicates=0,
        outranked=0,
        revised=0,
        outside=0,
        gaps=0,
        reasons=(),
    )
    live = msgspec.structs.replace(EARLY.live, session=session)
    look = msgspec.structs.replace(EARLY, live=live, quality=report)

    assert unwritten(EARLY, store) == 0
    assert unwritten(look, tmp_path / "none") == 1000
    assert 1000 - 3 * 210 <= unwritten(look, store) < 1000


WRITTEN = LiveSession(
    date=DAYS[1],
    open="",
    close="",
    symbols=1,
    bars=5,
    late=0,
    filled=0,
    in_part=0,
    no_trade=0,
    abandoned=0,
    missing=0,
    completeness=100.0,
    bar_quality=100.0,
    recorded=5,
    certified=True,
    digest="of the day",
)


def result_of(**fields: Any) -> LiveResult:
    session = msgspec.structs.replace(WRITTEN, **fields)
    return LiveResult(ended_by="close", seconds=1.0, sessions=[session], feeds=[])


@pytest.mark.parametrize(
    ("fields", "unwritten", "sentence"),
    [
        ({"recorded": 3}, {}, "2 bars of {} could not be written to the store: --verbose says why"),
        ({"recorded": 3}, {DAYS[1]: "no space"}, "2 bars of {} could not be written to the store: no space"),
        (
            {"certified": False},
            {DAYS[1]: "no space"},
            "the certificate of {} could not be written to the store: no space",
        ),
    ],
)
def test_what_is_not_in_the_store_when_a_run_ends_is_a_failure_that_says_why(
    fields: dict[str, Any], unwritten: dict[str, str], sentence: str
) -> None:
    with pytest.raises(DataError) as caught:
        _check_recorded(result_of(**fields), unwritten)

    assert str(caught.value) == sentence.format(DAYS[1])


@pytest.mark.parametrize("fields", [{}, {"certified": False, "digest": None}], ids=["whole", "interrupted"])
def test_a_day_that_was_written_at_last_is_none(fields: dict[str, Any]) -> None:
    _check_recorded(result_of(**fields), {DAYS[1]: "no space"})
