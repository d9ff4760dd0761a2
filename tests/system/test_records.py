"""A certificate is a record: what is changed in it is found, and no replay writes over what a live day issued."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from actors.data_upkeep.keeper import Keeper
from actors.market.axis import SessionAxis
from actors.market.faults import Faults
from actors.settings import DEFAULT_INTERVALS
from actors.storage.parquet import ParquetStore
from actors.system import System
from actors.verifying import verify_store
from messages import GapOutcome, GapStory, IssueCertificate, SessionCertificate, Verdict
from messages.repairs import SessionSealed
from tests.builders import DAY, HALF_DAY, at, bars, day_grid
from tests.certificates import certificate, run
from tests.doubles import Outbox
from tests.feeds.worlds import MARKET
from tests.system.live import FAST_UPKEEP, Mortal, clock_before, live, lived, market_feed, session_of, upstream_of
from tests.system.worlds import short

COUNTS = {"streamed": 386, "late": 1, "filled": 1, "corrected": 1, "no_trade": 1}
OTHERS = {"09:31": Verdict.LATE, "09:32": Verdict.FILLED, "09:33": Verdict.CORRECTED, "09:34": Verdict.NO_TRADE}
STORY = GapStory(
    symbols=("A",),
    start_ns=at("09:32"),
    end_ns=at("09:33"),
    detected_ns=at("09:33"),
    settled_ns=at("09:34"),
    attempts=2,
    source="upstream",
    outcome=GapOutcome.CLOSED,
)


def lived_through(root: Path) -> Path:
    """Have a live day of two symbols leave its bars and its certificate; A has a bar of each kind, and B streamed."""
    given = [*bars("A", "09:30", 1, 2, 3, 4, None, *range(5, 390)), *bars("B", "09:30", *range(1, 391))]
    grid = day_grid(DAY, given)
    verdicts = grid.verdicts.copy()
    for start, verdict in OTHERS.items():
        verdicts[SessionAxis(DAY).slot_of(at(start)), 0] = verdict
    sealed = SessionSealed(
        day=msgspec.structs.replace(grid, verdicts=verdicts),
        runs=(run("A", "09:34", "09:35"),),
        intervals=DEFAULT_INTERVALS,
        corrections=1,
        rejected={"not_finite": 2},
        issued_by="session",
        now_ns=DAY.end_ns,
    )
    with closing(ParquetStore(root)) as store:
        Keeper(store, Outbox(), records=True).issue(IssueCertificate(sealed=sealed, gaps=(STORY,)))
    return root


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lived_through(tmp_path_factory.mktemp("record") / "store")


@pytest.fixture
def root(record: Path, tmp_path: Path) -> Path:
    """The store of a live day."""
    shutil.copytree(record, tmp_path / "store")
    return tmp_path / "store"


def certificate_of(root: Path) -> SessionCertificate:
    held = ParquetStore(root, read_only=True).certificate("XNYS", DAY.date)
    assert held is not None
    return held


def column(root: Path) -> list[str]:
    """The verdicts of A's bars, as the store has them."""
    table = pq.ParquetFile(day_file(root)).read().to_pandas()
    verdicts: list[str] = table[table["symbol"] == "A"]["verdict"].tolist()
    return verdicts


def day_file(root: Path) -> Path:
    return root / "calendar=XNYS" / f"date={DAY.date}" / "bars.parquet"


def counts(certificate: SessionCertificate) -> dict[str, int]:
    (of_a, _) = certificate.symbols
    return {name: count for name, count in msgspec.structs.asdict(of_a).items() if count and name != "symbol"}


def faults(root: Path) -> list[str]:
    return verify_store(ParquetStore(root, read_only=True)).faults


# --- what is changed is found


def edited(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    """Return what changes the certificate's file."""

    def edit(root: Path) -> None:
        path = day_file(root).with_name("_certificate.json")
        held = msgspec.json.decode(path.read_bytes())
        change(held)
        path.write_bytes(msgspec.json.encode(held) + b"\n")

    return edit


def rewritten(change: Callable[[list[str]], object]) -> Callable[[Path], None]:
    """Return what changes the column of verdicts."""

    def edit(root: Path) -> None:
        table = pq.ParquetFile(day_file(root)).read()
        place = table.column_names.index("verdict")
        verdicts = table.column(place).to_pylist()
        change(verdicts)
        held = pa.array(verdicts).dictionary_encode().cast(table.schema.field(place).type)
        pq.write_table(table.set_column(place, table.schema.field(place), held), day_file(root))

    return edit


def swapped(verdicts: list[str]) -> None:
    first, other = verdicts.index("late"), verdicts.index("filled")
    verdicts[first], verdicts[other] = verdicts[other], verdicts[first]


def recounted(held: dict[str, Any]) -> None:
    held["symbols"][0] |= {"streamed": 387, "filled": 0}


EDITS = {
    "nothing": (lambda _: None, ""),
    "a count of minutes": (edited(lambda c: c["symbols"][0].update(no_trade=0)), "0 minutes of A as no_trade"),
    "counts that add up": (
        edited(recounted),
        "387 minutes of A as streamed; its runs and the stored bars give 386",
    ),
    "a symbol less": (edited(lambda c: c["symbols"].pop()), "have the digest"),
    "the quality": (edited(lambda c: c.update(bar_quality=99.0)), "a bar_quality of 99.0; its counts give 100.0"),
    "a gap story": (edited(lambda c: c["gaps"][0].update(attempts=1)), "was changed after it was issued"),
    "no gap story": (edited(lambda c: c["gaps"].clear()), "was changed after it was issued"),
    "the issuer": (edited(lambda c: c.update(issued_by="import")), "was changed after it was issued"),
    "who issued it": (edited(lambda c: c.update(is_live=False)), "was changed after it was issued"),
    "the rejections": (edited(lambda c: c["rejected"].clear()), "was changed after it was issued"),
    "a run": (edited(lambda c: c["runs"].clear()), "1 minutes of A as no_trade; its runs and the stored bars give 0"),
    "a run's source": (edited(lambda c: c["runs"][0].update(source="me")), "was changed after it was issued"),
    "the seal": (edited(lambda c: c.pop("seal")), "was changed after it was issued"),
    "another seal": (edited(lambda c: c.update(seal="0" * 32)), "was changed after it was issued"),
    "the digest of verdicts": (edited(lambda c: c.update(verdict_digest=None)), "the verdicts of the stored bars"),
    "a verdict": (rewritten(lambda v: v.__setitem__(v.index("filled"), "streamed")), "minutes of A as streamed"),
    "two verdicts": (rewritten(swapped), "the verdicts of the stored bars are not those that were certified"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_whatever_is_changed_is_found_and_named(root: Path, edit: str) -> None:
    change, fault = EDITS[edit]

    change(root)

    found = faults(root)
    assert len(found) == (edit != "nothing")
    assert all(one.startswith(f"XNYS on {DAY.date}: ") and fault in one for one in found)


without_seal = edited(lambda c: [c.pop(name) for name in ("seal", "verdict_digest", "is_live")])


def test_a_certificate_from_before_seals_is_verified_as_far_as_it_goes(root: Path) -> None:
    without_seal(root)
    (root / "_seals.json").unlink()

    report = verify_store(ParquetStore(root, read_only=True))

    assert report.faults == []
    assert report.remarks == [
        f"XNYS on {DAY.date}: its certificate is older than seals, so only its bars could be verified"
    ]


def test_a_store_remembers_since_when_it_seals(root: Path) -> None:
    without_seal(root)

    (fault,) = faults(root)

    assert "was changed after it was issued" in fault


def test_what_was_there_before_a_store_began_to_seal_stays_what_it_was(root: Path) -> None:
    without_seal(root)
    (root / "_seals.json").unlink()
    with closing(ParquetStore(root)) as store:
        store.certify("XNYS", HALF_DAY.date, certificate("A", session=HALF_DAY))
    verified = verify_store(ParquetStore(root, read_only=True))

    assert any(f"{DAY.date}: its certificate is older" in remark for remark in verified.remarks)
    assert all(HALF_DAY.date in fault for fault in verified.faults)  # whose bars are not there


@pytest.mark.parametrize("gone", [(1,), (2,), (1, 2)])
def test_an_earlier_certificate_that_is_gone_is_missed(root: Path, gone: tuple[int, ...]) -> None:
    with closing(ParquetStore(root)) as store:
        for is_live, price in ((False, 1), (True, 2), (False, 3)):
            store.certify("XNYS", DAY.date, msgspec.structs.replace(
                certificate_of(root), is_live=is_live, corrections=price))  # fmt: skip
    assert faults(root) == []
    for number in gone:
        day_file(root).with_name(f"_certificate.{number}.json").unlink()

    (fault,) = faults(root)

    assert "or one is gone" in fault


def leaves(held: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to everything that a certificate's file says."""
    inside = held.items() if isinstance(held, dict) else enumerate(held) if isinstance(held, list) else ()
    for name, value in inside:
        yield (*path, name)
        yield from leaves(value, (*path, name))


def others(value: Any) -> list[Any]:
    """What could stand in the place of a value; nothing at all is ``...``."""
    if isinstance(value, bool | str) or value is None:
        return [..., None, "x", not value]
    return [..., None, []] if isinstance(value, list | dict) else [..., None, 0, -value, value + 1, str(value)]


@pytest.mark.slow
@pytest.mark.parametrize("indent", [None, 1], ids=["as it was", "set out"])
def test_whatever_a_certificate_says_is_found_when_it_is_changed(root: Path, indent: int | None) -> None:
    path = day_file(root).with_name("_certificate.json")
    raw = path.read_bytes()
    unseen = []
    for place in leaves(msgspec.json.decode(raw)):
        for other in others(reduce(getitem, place, msgspec.json.decode(raw))):
            held = msgspec.json.decode(raw)
            *way, last = place
            inside: Any = reduce(getitem, way, held)
            if other is ...:
                del inside[last]
            elif inside[last] == other:
                continue
            else:
                inside[last] = other
            path.write_text(json.dumps(held, indent=indent, separators=(",", ":")) + "\n")
            unseen += [] if faults(root) else [(place, other)]

    assert unseen == []


def rewrite(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change what a file says and take its seal away."""
    held = msgspec.json.decode(path.read_bytes())
    held.pop("seal")
    change(held)
    path.write_bytes(msgspec.json.encode(held) + b"\n")


def as_of_old(held: dict[str, Any]) -> None:
    held["gaps"].clear()
    for name in ("verdict_digest", "is_live", "earlier"):
        held.pop(name, None)


DOES_NOT_FIT = "the certificate, or an earlier one, was changed after it was issued, or one is gone"
FORGOTTEN = "does not remember which days were certified"
OLDER = "is older than seals"
TOGETHER: dict[str, tuple[Callable[[Path, Path, Path], object], str, str]] = {
    "nothing": (lambda _, __, ___: None, "", ""),
    "a story without a seal": (lambda c, _, __: rewrite(c, lambda c: c["gaps"].clear()), DOES_NOT_FIT, ""),
    "nor the number of earlier ones": (
        lambda c, _, __: rewrite(c, lambda c: (c["gaps"].clear(), c.pop("earlier"))),
        DOES_NOT_FIT,
        "",
    ),
    "a story of an earlier one": (lambda _, e, __: rewrite(e, lambda e: e["gaps"].clear()), DOES_NOT_FIT, ""),
    "the earlier one in its place": (lambda c, e, _: shutil.copy(e, c), DOES_NOT_FIT, ""),
    "the earlier one moved": (lambda c, e, _: e.rename(c), DOES_NOT_FIT, ""),
    "it is gone": (lambda c, _, __: c.unlink(), "its certificate is gone", ""),
    "both are gone": (lambda c, e, _: (c.unlink(), e.unlink()), "its certificate is gone", ""),
    "it, and that it was": (lambda c, _, m: (c.unlink(), m.unlink()), "its certificate is gone", ""),
    "the whole day": (lambda c, _, __: shutil.rmtree(c.parent), "", "neither its bars nor its certificate are there"),
    "the memory": (lambda _, __, m: m.write_text(m.read_text().replace("{}", "{ }")), "_seals.json was changed", ""),
    "the memory as of old": (lambda _, __, m: m.write_text('{"unsealed":{"XNYS":["2024-07-02"]}}'), "", FORGOTTEN),
    "the memory is torn": (lambda _, __, m: m.write_bytes(m.read_bytes()[:-9]), "_seals.json cannot be read", ""),
    "the memory is gone": (lambda _, __, m: m.unlink(), "", FORGOTTEN),
    "all without seals": (lambda c, e, _: [rewrite(one, as_of_old) for one in (c, e)], "lost its seal", ""),
    "all, and the memory": (lambda c, e, m: ([rewrite(one, as_of_old) for one in (c, e)], m.unlink()), "", OLDER),
    "what was untraded": (lambda c, _, __: c.with_name("_untraded.json").write_text("{"), "_untraded.json cannot", ""),
    "how it was lived": (lambda c, _, __: c.with_name("_prints.pq").write_text("{"), "_prints.pq cannot", ""),
}


@pytest.fixture(scope="module")
def replayed(record: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The live day certified anew by a replay: its own record lies beside."""
    root = tmp_path_factory.mktemp("replayed") / "store"
    shutil.copytree(record, root)
    certified(root)
    return root


@pytest.mark.parametrize("edit", TOGETHER)
def test_whatever_is_changed_together_or_gone_is_found_or_remarked(replayed: Path, tmp_path: Path, edit: str) -> None:
    root = tmp_path / "store"
    shutil.copytree(replayed, root)
    place = day_file(root).with_name("_certificate.json")
    change, fault, remark = TOGETHER[edit]
    change(place, place.with_name("_certificate.1.json"), root / "_seals.json")

    report = verify_store(ParquetStore(root, read_only=True))

    assert [fault in found for found in report.faults] == [True] * bool(fault)
    assert [remark in found for found in report.remarks] == [True] * bool(remark)


@pytest.mark.parametrize(
    ("segments", "fault"),
    [([], "makes no sense"), ([{"kind": 1, "start_ns": 0, "end_ns": DAY.end_ns}], "hours of more than a week")],
    ids=["none", "since 1970"],
)
def test_a_certificate_of_hours_that_cannot_be_is_a_fault_of_its_day(root: Path, segments: Any, fault: str) -> None:
    edited(lambda c: c.update(segments=segments))(root)

    (found,) = faults(root)

    assert fault in found


def test_a_certificate_without_its_digest_of_verdicts_and_written_anew_is_found(root: Path) -> None:
    path = day_file(root).with_name("_certificate.json")
    held = json.loads(path.read_text())
    path.write_text(json.dumps({**held, "verdict_digest": None}))

    assert len(faults(root)) == 1


def test_a_day_whose_bars_are_gone_is_found_though_it_was_the_only_one(root: Path) -> None:
    day_file(root).unlink()

    (fault,) = faults(root)

    assert fault.startswith(f"XNYS on {DAY.date}: the bars are gone that were certified")


def test_an_earlier_certificate_that_was_changed_is_found(root: Path) -> None:
    with System.backtest(str(root), certify=True) as system:
        system.run(timeout=30)
    record = day_file(root).with_name("_certificate.1.json")
    assert faults(root) == []
    record.write_text(record.read_text().replace('"attempts":2', '"attempts":3'))

    (fault,) = faults(root)

    assert "the certificate, or an earlier one, was changed after it was issued" in fault


def test_a_record_that_cannot_be_read_is_a_fault(root: Path) -> None:
    with System.backtest(str(root), certify=True) as system:
        system.run(timeout=30)
    day_file(root).with_name("_certificate.1.json").write_text("{")

    (fault,) = faults(root)

    assert "_certificate.1.json cannot be read" in fault


# --- what was lived through comes back


def test_the_store_and_its_certificate_agree(root: Path) -> None:
    held = column(root)

    assert counts(certificate_of(root)) == COUNTS
    assert {verdict: held.count(verdict) for verdict in ("streamed", "late", "filled", "corrected")} | {
        "no_trade": 1
    } == COUNTS


@pytest.mark.parametrize("pace", ["lockstep", "free"])
def test_a_replay_shows_each_bar_as_it_came(root: Path, pace: str) -> None:
    with System.backtest(str(root), pace=pace) as system:
        system.run(timeout=30)
        told = system.quality().get(timeout=5).quality.verdicts

    assert {name: getattr(told, name) for name in COUNTS} == {**COUNTS, "streamed": 386 + 390}


def test_minute_by_minute_too(root: Path) -> None:
    with System.backtest(str(root)) as system:
        for minute in system.minutes():
            if minute.end_ns == at("09:36"):
                break
        told = system.quality().get(timeout=5).quality.verdicts

    assert (told.late, told.filled, told.corrected, told.no_trade) == (1, 1, 1, 1)


def test_a_symbol_that_joins_later_is_shown_so_from_then_on(root: Path) -> None:
    with System.backtest(str(root), ["B"]) as system:
        system.add_symbols("A").get(timeout=5)
        system.run(timeout=30)
        told = system.quality().get(timeout=5).quality.verdicts

    assert (told.filled, told.corrected) == (1, 1)


def test_what_is_late_in_the_replay_is_late(root: Path) -> None:
    with System.backtest(str(root), faults=Faults(delay=1.0)) as system:
        system.run(timeout=30)
        told = system.quality().get(timeout=5).quality.verdicts

    assert told.late > 700
    assert (told.filled, told.corrected) == (0, 0)


# --- a replay appends


def certified(root: Path, times: int = 1, **more: Any) -> SessionCertificate:
    """Replay the day so often, and keep its certificate."""
    for _ in range(times):
        with System.backtest(str(root), certify=True, **more) as system:
            system.run(timeout=30)
    return certificate_of(root)


@pytest.mark.parametrize("times", [1, 3])
def test_a_replay_keeps_the_record_of_the_live_day_beside_its_own(root: Path, times: int) -> None:
    first, before = certificate_of(root), column(root)

    latest = certified(root, times)

    assert ParquetStore(root, read_only=True).earlier("XNYS", DAY.date) == (first,)
    assert (first.is_live, latest.is_live, latest.replaces) == (True, False, first.digest)
    assert (latest.gaps, latest.corrections, latest.rejected) == (first.gaps, first.corrections, first.rejected)
    assert (counts(latest), latest.runs, latest.digest) == (COUNTS, first.runs, first.digest)
    assert (column(root), faults(root)) == (before, [])


def test_a_replay_that_loses_bars_and_has_them_filled_changes_no_verdict(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root, tmp_path / "archive")
    before = column(root)

    latest = certified(
        root, symbols=["A", "B"], fill_from=(str(tmp_path / "archive"),), faults=Faults(drop=0.05, seed=3)
    )

    assert (counts(latest), column(root), faults(root)) == (COUNTS, before, [])
    assert STORY in latest.gaps
    assert len(latest.gaps) > 1


def test_a_replay_of_one_symbol_keeps_the_record_of_all(root: Path) -> None:
    first = certificate_of(root)

    latest = certified(root, symbols=["A"])

    assert (latest.names, latest.replaces, latest.gaps) == (("A", "B"), first.digest, first.gaps)
    assert ParquetStore(root, read_only=True).earlier("XNYS", DAY.date) == (first,)
    assert faults(root) == []


def test_a_crash_between_the_record_and_the_new_certificate_leaves_one_record(root: Path) -> None:
    path = day_file(root).with_name("_certificate.json")
    shutil.copy(path, path.with_name("_certificate.1.json"))

    certified(root)

    assert sorted(one.name for one in path.parent.glob("_certificate*")) == ["_certificate.1.json", "_certificate.json"]


@pytest.mark.slow
def test_a_real_live_day_and_its_replay_agree(tmp_path: Path) -> None:
    hours = ("10:30-16:00",)
    session = session_of(closed=hours)
    clock, root = clock_before(session, 1200), tmp_path / "store"
    feed = Mortal(market_feed(MARKET, session, clock), deaths=20, most_reads=1)
    sources = [upstream_of(MARKET, session)]
    with live(
        str(root), [feed], clock, symbols=MARKET.symbols, closed=hours, sources=sources, upkeep=FAST_UPKEEP
    ) as system:
        lived(system, "gaps")
    first = certificate_of(root)
    with short(str(root), closed=hours, certify=True) as system:
        system.run(timeout=30)
    latest = certificate_of(root)

    assert sum(one.filled for one in first.symbols) > 0
    assert len(first.gaps) > 0
    assert (latest.symbols, latest.gaps[: len(first.gaps)]) == (first.symbols, first.gaps)
    assert ParquetStore(root, read_only=True).earlier("XNYS", session.date) == (first,)
    assert faults(root) == []
