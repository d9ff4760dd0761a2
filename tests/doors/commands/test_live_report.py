"""What a live run came to, where more has come of it than was heard."""

from contextlib import closing
from pathlib import Path

import pytest

from actors.doors.commands.live_report import feeds_of, kept_before, session_of
from actors.storage.parquet import ParquetStore
from messages import SessionCertificate
from tests.builders import DAY, bars
from tests.certificates import certificate
from tests.doors.metrics.test_readings import FEED
from tests.doors.remote.test_status import EARLY
from tests.storage.days import all_regular, day

EARLIER = certificate("A", digest="earlier")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    with closing(ParquetStore(tmp_path / "store", segment_of=all_regular)) as store:
        store.merge("XNYS", DAY.date, day(*bars("A", "09:30", 1, 2)))
        store.certify("XNYS", DAY.date, EARLIER)
    return tmp_path / "store"


@pytest.mark.parametrize("before", [None, EARLIER])
def test_a_certificate_that_nobody_heard_of_is_the_runs_if_the_store_did_not_have_it_before(
    root: Path, before: SessionCertificate | None
) -> None:
    made = session_of(DAY, None, EARLY, root, before)

    assert (made.certified, made.digest) == ((True, "earlier") if before is None else (False, None))
    assert made.recorded == 2
    assert made.bars >= 2  # the last look was before them


def test_a_feed_that_has_not_heard_of_all_refusals_still_adds_up() -> None:
    for left_out, received, rejected in (({}, 39, 3), ({"wire": 5}, 41, 5)):
        (one,) = feeds_of([FEED], left_out)
        assert (one.received, one.rejected) == (received, rejected)
        assert one.accepted + one.rejected + one.duplicates == one.received


def test_what_a_store_had_before_is_looked_up_whether_there_is_one_or_not(root: Path, tmp_path: Path) -> None:
    assert kept_before(DAY, root) == EARLIER
    assert kept_before(DAY, tmp_path / "nowhere") is None
