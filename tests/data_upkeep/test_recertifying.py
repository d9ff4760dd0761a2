"""A day that is certified again: what was known of it, of its other symbols and hours, is known afterwards."""

from typing import Any

from actors.storage.memory import MemoryStore
from actors.verifying import Standing, verify_store
from messages import SessionCertificate, Verdict
from tests.builders import DAY, EXTENDED_DAY, bars
from tests.certificates import certificate, run
from tests.data_upkeep.test_keeper import STORY, issue, played, store_of

GIVEN = bars("A", "09:30", 1, 2)


def kept(store: MemoryStore) -> SessionCertificate:
    found = store.certificate("XNYS", DAY.date)
    assert found is not None
    return found


def certified(*symbols: str, **fields: Any) -> MemoryStore:
    """A store of two bars of A, and what is certified of the day."""
    store = store_of(*GIVEN)
    store.certify("XNYS", DAY.date, certificate(*symbols, **fields))
    return store


# --- in the store


def test_the_certificate_of_a_few_symbols_does_not_undo_that_of_all() -> None:
    given = bars("A", "09:30", 1, 2)
    store = store_of(*given)
    silence = run("B", "09:30", "16:00")
    issue(store, played(given, symbols="AB"), (silence,))
    told = issue(store, played(given, symbols="A"), (run("A", "09:32", "16:00", Verdict.ABANDONED),))
    kept = store.certificate("XNYS", DAY.date)

    assert told.is_kept
    assert kept is not None
    assert (kept.names, kept.gaps, kept.corrections) == (("A", "B"), (STORY, STORY), 8)
    assert kept.runs == (run("A", "09:32", "16:00", Verdict.ABANDONED), silence)
    assert {one.standing for one in verify_store(store).days} == {Standing.MATCH}


def test_what_is_known_of_other_symbols_stays() -> None:
    silence = run("B", "09:30", "09:34")
    store = certified("A", "B", runs=(silence,))
    issue(store, played(GIVEN, symbols="A"))

    assert (kept(store).names, kept(store).runs) == (("A", "B"), (silence,))


def test_what_is_known_of_other_hours_stays() -> None:
    early = run("A", "04:00", "04:30")
    store = certified("A", session=EXTENDED_DAY, runs=(early,))
    issue(store, played(GIVEN, symbols="A"))

    assert (kept(store).segments, kept(store).runs) == (EXTENDED_DAY.segments, (early,))


def test_more_symbols_in_fewer_hours_and_the_other_way_round_come_to_all_of_both() -> None:
    store = certified("A", session=EXTENDED_DAY)
    issue(store, played(GIVEN, symbols="AB"))

    assert (kept(store).names, kept(store).segments) == (("A", "B"), EXTENDED_DAY.segments)
    assert {one.standing for one in verify_store(store).days} == {Standing.MATCH}


def test_what_several_runs_corrected_and_refused_adds_up_and_the_last_one_says_how_it_was_opened() -> None:
    store = certified("A", "B", corrections=1, rejected={"not_finite": 1, "low_too_high": 1}, is_prefetched=False)
    issue(store, played(GIVEN, symbols="A"))

    assert kept(store).corrections == 1 + 4
    assert kept(store).rejected == {"not_finite": 1 + 2, "low_too_high": 1}
    assert (kept(store).is_prefetched, kept(store).transition_ms) == (True, 0.5)


def test_a_certificate_of_all_that_there_is_takes_the_place_of_a_smaller_one() -> None:
    store = certified("A", corrections=1)
    told = issue(store, played(GIVEN, symbols="AB"))

    assert kept(store).corrections == told.certificate.corrections == 4
    assert kept(store).replaces == "d1"


def test_fills_of_a_few_symbols_are_in_the_wider_certificate() -> None:
    store = certified("A", "B")
    issue(store, played(bars("A", "09:30", 1, 2, 3), Verdict.FILLED, "09:32", symbols="A"))
    (counts, _) = kept(store).symbols

    assert (counts.streamed, counts.filled) == (2, 1)
    assert {one.standing for one in verify_store(store).days} == {Standing.MATCH}


# --- in one run


def test_a_certificate_that_is_issued_again_tells_what_the_first_one_told() -> None:
    given = bars("A", "09:30", 1, 2)
    first = issue(None, played(given[:1], symbols="A")).certificate
    again = issue(None, played(given, symbols="A"), old=first, issued_by="fill").certificate

    assert again.gaps[:1] == first.gaps
    assert (again.is_prefetched, again.transition_ms) == (first.is_prefetched, first.transition_ms)
    assert (again.replaces, again.issued_by) == (first.digest, "fill")
    assert again.digest != first.digest


def test_what_happened_before_a_repair_still_happened() -> None:
    first = issue(None, played(GIVEN[:1], symbols="A")).certificate
    again = issue(None, played(GIVEN, symbols="A"), old=first, issued_by="fill").certificate

    assert again.gaps == (STORY, STORY)
    assert (again.corrections, again.rejected) == (8, {"not_finite": 4})
