"""What every bar store promises about certificates; the same suite runs over each of them."""

import pytest

from actors.kernel.ports import BarStore
from messages.errors import DataError
from tests.builders import DAY, HALF_DAY, ROUND_THE_CLOCK
from tests.certificates import certificate, run
from tests.storage.days import bar, day


def test_a_certificate_comes_back_as_it_was(store: BarStore) -> None:
    issued = certificate("AAPL", "MSFT", runs=(run("AAPL", "09:30", "09:31"),), rejected={"high_too_low": 3})

    store.certify("XNYS", DAY.date, issued)

    assert store.certificate("XNYS", DAY.date) == issued


def test_a_day_without_a_certificate_has_none(store: BarStore) -> None:
    store.merge("XNYS", DAY.date, day(bar("A", 0)))

    assert store.certificate("XNYS", DAY.date) is None
    assert store.certificate("XLON", DAY.date) is None
    assert store.certified("XNYS") == ()


def test_a_certificate_names_the_digest_of_the_one_that_it_replaces(store: BarStore) -> None:
    for digest in ("first", "second", "third"):
        store.certify("XNYS", DAY.date, certificate("A", digest=digest))

    assert store.certificate("XNYS", DAY.date) == certificate("A", digest="third", replaces="second")


def test_the_same_certificate_twice_changes_nothing(store: BarStore) -> None:
    store.certify("XNYS", DAY.date, certificate("A", digest="first"))
    store.certify("XNYS", DAY.date, certificate("A", digest="second"))

    store.certify("XNYS", DAY.date, certificate("A", digest="second"))

    assert store.certificate("XNYS", DAY.date) == certificate("A", digest="second", replaces="first")


def test_a_certificate_of_the_same_bars_passes_on_what_was_replaced(store: BarStore) -> None:
    store.certify("XNYS", DAY.date, certificate("A", digest="first"))
    store.certify("XNYS", DAY.date, certificate("A", digest="second"))

    store.certify("XNYS", DAY.date, certificate("A", digest="second", corrections=4))

    assert store.certificate("XNYS", DAY.date) == certificate("A", digest="second", corrections=4, replaces="first")


def test_what_a_live_day_issued_is_kept_when_somebody_else_certifies_the_day(store: BarStore) -> None:
    lived = certificate("A", is_live=True)
    store.certify("XNYS", DAY.date, lived)
    for corrections in (1, 2):
        store.certify("XNYS", DAY.date, certificate("A", is_live=False, corrections=corrections))

    assert store.earlier("XNYS", DAY.date) == (lived,)
    assert store.certificate("XNYS", DAY.date) == certificate("A", is_live=False, corrections=2, replaces="d1")


def test_a_live_day_goes_on_with_its_own_certificate(store: BarStore) -> None:
    for corrections in (1, 2):
        store.certify("XNYS", DAY.date, certificate("A", is_live=True, corrections=corrections))

    assert store.earlier("XNYS", DAY.date) == ()


def test_an_untouched_certificate_is_as_issued(store: BarStore) -> None:
    assert store.is_as_issued("XNYS", DAY.date) is None

    store.certify("XNYS", DAY.date, certificate("A"))

    assert store.is_as_issued("XNYS", DAY.date) is True


def test_certified_days_are_listed_by_calendar_and_in_order(store: BarStore) -> None:
    for session in (HALF_DAY, DAY, ROUND_THE_CLOCK):
        store.certify(session.calendar, session.date, certificate("A", session=session))

    assert store.certified("XNYS") == (DAY.date, HALF_DAY.date)
    assert store.certified("24/7") == (ROUND_THE_CLOCK.date,)
    assert store.certified("XLON") == ()
    assert store.certified_calendars() == ("24/7", "XNYS")


def test_certificates_and_bars_do_not_disturb_each_other(store: BarStore) -> None:
    store.certify("XNYS", DAY.date, certificate("A"))
    assert store.dates("XNYS") == ()
    assert store.read("XNYS", DAY.date) is None

    store.merge("XNYS", DAY.date, day(bar("A", 0)))

    assert store.dates("XNYS") == (DAY.date,)
    assert store.certificate("XNYS", DAY.date) == certificate("A")


def test_the_certificate_of_another_day_is_refused(store: BarStore) -> None:
    for calendar, date in (("XNYS", HALF_DAY.date), ("XLON", DAY.date)):
        with pytest.raises(DataError, match=rf"XNYS on {DAY.date} is not that of {calendar} on {date}"):
            store.certify(calendar, date, certificate("A"))

    assert store.certified("XNYS") == store.certified("XLON") == ()


@pytest.mark.parametrize(("calendar", "date"), [("", DAY.date), ("XNYS", "20240702"), ("XNYS", "../x")])
def test_a_day_without_a_proper_name_has_no_certificate(store: BarStore, calendar: str, date: str) -> None:
    with pytest.raises(DataError, match=r"calendar|session date"):
        store.certificate(calendar, date)
    with pytest.raises(DataError, match=r"calendar|session date"):
        store.certify(calendar, date, certificate("A"))
