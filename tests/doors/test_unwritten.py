"""What a run that ends at once leaves behind."""

from pathlib import Path

import msgspec

from actors.doors.live_report import unwritten
from actors.market.calendar import Calendar
from messages.replies import Quality, QualityReport, VerdictCounts
from tests.doors.conftest import DAYS
from tests.doors.test_status import EARLY

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
