"""The command ``verify``, and what ``import`` and ``inspect`` say of certificates."""

from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from actors.storage.parquet import ParquetStore
from messages import GapOutcome, GapStory, SymbolVerdicts
from tests.builders import session_xnys
from tests.certificates import certificate
from tests.doors.commands.test_import import NEW_YORK, csv
from tests.doors.conftest import Call

DAYS = ("2024-07-02", "2024-07-03")
STORY = GapStory(
    symbols=("ABC",),
    start_ns=1,
    end_ns=2,
    detected_ns=2,
    settled_ns=3,
    attempts=5,
    source="archive",
    outcome=GapOutcome.ABANDONED,
)


@pytest.fixture
def certified(call: Call, tmp_path: Path) -> Path:
    """A store of two certified days of one symbol."""
    file = csv(tmp_path, "abc.csv", *(f"{day} 09:30:00,1,2,1,2,10" for day in DAYS))
    assert call("import", file, "--store", tmp_path / "store", *NEW_YORK, "--complete").code == 0
    return tmp_path / "store"


def sidecar(store: Path, day: str) -> Path:
    return store / "calendar=XNYS" / f"date={day}" / "_certificate.json"


def forge(store: Path, *days: str) -> None:
    """Put another digest into certificates."""
    for day in days:
        held = msgspec.json.decode(sidecar(store, day).read_bytes())
        sidecar(store, day).write_bytes(msgspec.json.encode({**held, "digest": "0123456789abcdef"}))


def rows(out: str) -> list[list[str]]:
    return [line.split() for line in out.splitlines()]


def test_a_store_that_holds_what_was_certified_passes(call: Call, certified: Path) -> None:
    answer = call("verify", "--store", certified)

    assert (answer.code, answer.err) == (0, "")
    assert ["XNYS", "2", "2", "0", "0", "0", *DAYS] in rows(answer.out)


def test_a_day_that_does_not_match_fails_in_one_sentence(call: Call, certified: Path) -> None:
    forge(certified, DAYS[1])

    answer = call("verify", "--store", certified)

    assert answer.code == 1
    assert ["XNYS", "2", "1", "1", "0", "0", *DAYS] in rows(answer.out)
    assert answer.err.startswith(f"error: XNYS on {DAYS[1]}: the stored bars have the digest ")
    assert answer.err.endswith("but 0123456789abcdef was certified\n")


def test_several_days_that_do_not_match_are_all_named(call: Call, certified: Path) -> None:
    forge(certified, *DAYS)

    answer = call("verify", "--store", certified)

    assert answer.code == 1
    assert [f"XNYS on {day}: the stored bars have the digest" in answer.out for day in DAYS] == [True, True]
    assert answer.err.startswith("error: 2 of 2 checked days are not as they were certified; the first: XNYS on ")


def test_very_many_faults_are_cut(call: Call, tmp_path: Path) -> None:
    with closing(ParquetStore(tmp_path / "store")) as files:
        for number in range(1, 13):
            date = f"2024-07-{number:02}"
            files.certify("XNYS", date, certificate("ABC", session=session_xnys(date)))
    file = csv(tmp_path, "abc.csv", "2024-08-01 09:30:00,1,2,1,2,10")
    call("import", file, "--store", tmp_path / "store", *NEW_YORK)

    answer = call("verify", "--store", tmp_path / "store")

    assert answer.code == 1
    assert answer.out.count("the bars are gone that were certified as d1") == 10
    assert "and 2 more; --json has them all" in answer.out


def test_its_json_has_the_documented_fields(call: Call, certified: Path) -> None:
    forge(certified, DAYS[0])

    answer = call("verify", "--store", certified, "--json")

    first, second = answer.object["days"]
    assert answer.code == 1
    assert set(first) == set(second) == {"date", "calendar", "standing", "certified", "found", "fault"}
    assert (first["standing"], second["standing"], second["fault"]) == ("mismatch", "match", None)
    assert second["certified"] == second["found"]


def test_a_store_without_certificates_passes(call: Call, store: Path) -> None:
    answer = call("verify", "--store", store)

    assert answer.code == 0
    assert ["XNYS", "2", "0", "0", "2", "0", *DAYS] in rows(answer.out)


def test_a_calendar_may_be_called_by_any_of_its_names(call: Call, certified: Path) -> None:
    for name in ("XNYS", "nyse"):
        answer = call("verify", "--store", certified, "--calendar", name)

        assert (answer.code, len(answer.out.splitlines())) == (0, 5)


@pytest.mark.parametrize(
    ("calendar", "sentence"), [("XLON", "has no day of calendar XLON; it has: XNYS"), ("XXXX", "unknown calendar")]
)
def test_a_calendar_that_the_store_lacks_is_said(call: Call, certified: Path, calendar: str, sentence: str) -> None:
    answer = call("verify", "--store", certified, "--calendar", calendar)

    assert (answer.code, answer.out) == (1, "")
    assert sentence in answer.err


def test_an_empty_store_and_no_store_cannot_be_verified(call: Call, empty: Path) -> None:
    answers = [call("verify", "--store", folder) for folder in (empty, empty / "none")]

    assert [answer.code for answer in answers] == [1, 1]
    assert answers[0].err == f"error: the store {empty} is empty; import something first\n"
    assert answers[1].err == f"error: no store at {empty / 'none'}: no such folder\n"


def test_a_terminal_sees_a_progress_bar_on_stderr(call: Call, certified: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    answer = call("verify", "--store", certified, "--json")

    assert len(answer.object["days"]) == 2
    assert "2/2 days" in answer.err


def test_its_help_has_examples(call: Call) -> None:
    answer = call("verify", "--help")

    assert answer.code == 0
    assert "python run.py verify --store store" in answer.out


def test_an_import_says_how_many_days_it_certified(call: Call, certified: Path, tmp_path: Path) -> None:
    more = csv(tmp_path / "later", "abc.csv", f"{DAYS[0]} 09:31:00,1,2,1,2,10")

    first = call("import", more, "--store", certified, *NEW_YORK)
    again = call("import", more, "--store", certified, *NEW_YORK, "--json")

    assert "\n1 day has a new certificate.\n" in first.out
    assert again.object["certified"] == 0
    assert call("verify", "--store", certified).code == 0


def test_days_that_are_certified_together_are_counted(call: Call, tmp_path: Path) -> None:
    file = csv(tmp_path, "abc.csv", *(f"{day} 09:30:00,1,2,1,2,10" for day in DAYS))

    answer = call("import", file, "--store", tmp_path / "store", *NEW_YORK, "--complete")

    assert "\n2 days have a new certificate.\n" in answer.out


def test_inspect_shows_the_certificate_of_each_day(call: Call, certified: Path) -> None:
    answer = call("inspect", "--store", certified)

    held = msgspec.json.decode(sidecar(certified, DAYS[0]).read_bytes())
    assert [DAYS[0], held["digest"][:8], "0.2", "%", "100.0", "%", "1", "0", "389", "0", "0", "0"] in rows(answer.out)
    assert [DAYS[1], "XNYS", "ABC", "1", "0", "0", "0", "0", "209", "0", "0"] in rows(answer.out)
    assert "have a certificate" not in answer.out


def test_inspect_shows_how_gaps_ended(call: Call, certified: Path) -> None:
    counts = (SymbolVerdicts(symbol="ABC", streamed=389, abandoned=1),)
    with closing(ParquetStore(certified)) as files:
        files.certify("XNYS", DAYS[0], certificate("ABC", symbols=counts, gaps=(STORY,), bar_quality=None))

    answer = call("inspect", "--store", certified)

    assert [DAYS[0], "d1", "100.0", "%", "-", "389", "0", "0", "1", "0", "1", "1", "abandoned"] in rows(answer.out)


def test_inspect_says_which_days_have_no_certificate(call: Call, certified: Path, tmp_path: Path) -> None:
    file = csv(tmp_path / "later", "abc.csv", "2024-07-05 09:30:00,1,2,1,2,10")
    call("import", file, "--store", certified, *NEW_YORK)

    answer = call("inspect", "--store", certified)

    certified_days = [
        day["certified"] for day in call("inspect", "--store", certified, "--json").object["certificates"]
    ]
    assert "2 of 3 days have a certificate.\n" in answer.out
    assert certified_days == [True, True, False]


def test_inspect_says_when_no_day_is_certified(call: Call, store: Path) -> None:
    assert "No day has a certificate yet.\n" in call("inspect", "--store", store).out


@pytest.mark.slow
def test_the_certificates_of_a_large_store_are_left_to_json(call: Call, tmp_path: Path) -> None:
    days = [f"2024-{month:02}-{day:02}" for month in (4, 5, 7) for day in range(1, 31)]
    file = csv(tmp_path, "abc.csv", *(f"{day} 09:3{i}:00,1,2,1,2,10" for day in days for i in (0, 1)))
    call("import", file, "--store", tmp_path / "store", *NEW_YORK, "--complete")

    answer = call("inspect", "--store", tmp_path / "store")

    assert "64 of 64 days have a certificate; --json has their certificates.\n" in answer.out


def test_many_symbols_are_summed_up(call: Call, tmp_path: Path) -> None:
    files = [csv(tmp_path / "in", f"s{i}.csv", f"{DAYS[0]} 09:30:00,1,2,1,2,10") for i in range(41)]
    call("import", *files, "--store", tmp_path / "store", *NEW_YORK, "--complete")

    answer = call("inspect", "--store", tmp_path / "store")

    assert "Their certificates: minutes by verdict" in answer.out
    assert "for each symbol\n" not in answer.out


@pytest.mark.slow
def test_several_workers_say_what_one_says(call: Call, certified: Path) -> None:
    forge(certified, DAYS[1])

    alone = call("verify", "--store", certified, "--json")
    shared = call("verify", "--store", certified, "--json", "--workers", "2")

    assert shared == alone
    assert alone.code == 1
