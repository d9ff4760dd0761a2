"""A store in a bucket, beside what all stores promise: conditions in place of a lock, ranges, days ahead."""

import sys
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import obstore
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from obstore.store import from_url

from actors.storage.elsewhere import bucket, in_ranges
from actors.storage.elsewhere.bucket import Bucket, Conflict
from actors.storage.elsewhere.objects import ObjectStore
from actors.storage.elsewhere.opening import folder_of, journals_of, open_store
from actors.storage.elsewhere.refusals import told
from actors.storage.parquet import ParquetStore
from messages.errors import BarkeeperError, DataError, SettingsError
from messages.history import Adjustment
from tests.benchmarks.latency import Between
from tests.builders import DAY
from tests.certificates import certificate
from tests.object_server import ACCOUNT_KEY, KEYS, KINDS, new_bucket, port, reached
from tests.storage.days import DATE, all_regular, bar, day
from tests.storage.journal.test_prints import lived


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def place(kind: str) -> Iterator[str]:
    with new_bucket(kind) as address:
        yield address


@pytest.fixture
def between(place: str, kind: str) -> Iterator[Between]:
    """Counts what is asked for."""
    with Between(port(kind)) as counting, reached(kind, counting.port):
        yield counting


def store_at(place: str) -> ObjectStore:
    return ObjectStore(place, segment_of=all_regular)


def put(place: str, key: str, raw: bytes) -> None:
    obstore.put(from_url(place, client_options={"allow_http": True}), key, raw)


ABSENT = {
    "s3": "NoSuchBucket: The specified bucket does not exist",
    "az": "ContainerNotFound: The specified container does not exist",
    "gs": "500: no bucket named no-such-bucket",
}


def traced(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def bars_of(place: str) -> list[tuple[str, int]]:
    stored = store_at(place).read("XNYS", DATE)
    return [] if stored is None else [(one.symbol, one.start_ns) for one in stored.bars.bars()]


@pytest.mark.slow
def test_a_folder_that_was_copied_into_a_bucket_is_the_same_store(place: str, tmp_path: Path) -> None:
    folder = ParquetStore(tmp_path / "store", segment_of=all_regular)
    folder.merge("24/7", DATE, day(bar("A", 0), bar("B", 1)))
    folder.certify("24/7", DATE, certificate("A", date=DATE, calendar="24/7"))
    split = Adjustment(symbol="A", ex_date=DATE, split_ratio=2.0)
    pq.write_table(pa.Table.from_pylist([msgspec.structs.asdict(split)]), tmp_path / "store" / "_adjustments.pq")
    (tmp_path / "store" / "_special_sessions.toml").write_text('[XNYS]\n2024-03-08 = "closed"\n')
    for path in (tmp_path / "store").rglob("*.*"):
        if path.is_file():
            put(place, path.relative_to(tmp_path / "store").as_posix(), path.read_bytes())

    there = open_store(place, read_only=True)

    here, copied = folder.read("24/7", DATE), there.read("24/7", DATE)
    assert here is not None
    assert copied is not None
    assert copied.bars == here.bars
    assert (there.certificate("24/7", DATE), there.is_as_issued("24/7", DATE)) == (
        folder.certificate("24/7", DATE),
        True,
    )
    assert (there.adjustments(), there.own_hours()) == ((split,), folder.own_hours())
    assert (str(there.root), there.folder) == (place, None)


@pytest.mark.slow
def test_how_a_day_was_lived_is_kept_too(place: str) -> None:
    store = store_at(place)
    assert (store.prints("XNYS", DAY.date), store.grace("XNYS", (DAY.date,))) == (None, None)

    store.keep_prints("XNYS", DAY.date, lived())

    assert store_at(place).prints("XNYS", DAY.date) == lived()
    assert store_at(place).grace("XNYS", (DAY.date,)) == lived().grace_ns


@pytest.mark.slow
def test_what_somebody_else_wrote_since_the_listing_is_not_lost(place: str) -> None:
    one, other = store_at(place), store_at(place)
    assert (one.dates("XNYS"), other.dates("XNYS")) == ((), ())  # both have looked

    one.merge("XNYS", DATE, day(bar("A", 0)))
    counts = other.merge("XNYS", DATE, day(bar("A", 0), bar("B", 0)))
    one.merge("XNYS", DATE, day(bar("C", 0)))
    one.certify("XNYS", DATE, certificate("A", date=DATE, digest="d1"))
    other.certify("XNYS", DATE, certificate("A", date=DATE, digest="d2"))

    assert (counts.added, counts.duplicates) == (1, 1)
    assert [symbol for symbol, _ in bars_of(place)] == ["A", "B", "C"]
    assert store_at(place).certificate("XNYS", DATE) == certificate("A", date=DATE, digest="d2", replaces="d1")


@pytest.mark.slow
def test_two_that_write_one_day_at_once_lose_nothing(place: str) -> None:
    def merge(symbol: str) -> None:
        store = store_at(place)
        for minute in range(6):
            store.merge("XNYS", DATE, day(bar(symbol, minute)))

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(merge, symbol) for symbol in "AB"]:
            done.result(120)

    assert len(bars_of(place)) == 12


@pytest.mark.slow
def test_stretches_that_cannot_be_had_again_are_refused_and_nothing_is_written(place: str) -> None:
    one, other = store_at(place), store_at(place)
    one.dates("XNYS")
    other.merge("XNYS", DATE, day(bar("B", 0)))

    with pytest.raises(DataError, match="was changed by somebody else meanwhile; nothing was written, do it again"):
        one.merge_stretches("XNYS", DATE, ("A",), iter([day(bar("A", 0)), day(bar("A", 1))]))

    assert [symbol for symbol, _ in bars_of(place)] == ["B"]
    one.merge_stretches("XNYS", DATE, ("A",), iter([day(bar("A", 0)), day(bar("A", 1))]))
    assert [symbol for symbol, _ in bars_of(place)] == ["A", "B", "A"]


@pytest.mark.slow
def test_days_that_are_read_one_after_the_other_cost_a_request_each_and_come_ahead(
    place: str, between: Between
) -> None:
    dates = [f"2024-03-{number:02}" for number in range(1, 31)]
    writer = store_at(place)
    for date in dates:
        writer.merge("XNYS", date, day(bar("A", 0)))
    before = between.requests

    reader = store_at(place)
    read = [reader.read("XNYS", date) for date in dates]
    reader.close()

    assert all(one is not None and len(one.bars) == 1 for one in read)
    assert between.requests - before == 1 + len(dates)  # the listing, and a day each


@pytest.mark.slow
def test_of_a_large_file_its_end_says_what_is_in_it_and_no_more_is_fetched(
    place: str, between: Between, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket, "_WHOLE", 1)
    monkeypatch.setattr(in_ranges, "TAIL", 66 << 10)
    monkeypatch.setattr(bucket, "_PART", 64 << 10)
    given = day(*(bar(f"S{number:03}", minute, 1.0 + number * minute) for number in range(60) for minute in range(300)))
    store_at(place).merge("XNYS", DATE, given)
    before = between.answered_bytes

    reader = store_at(place)
    symbols = reader.symbols("XNYS", DATE)
    for_symbols = between.answered_bytes - before
    stored = reader.read("XNYS", DATE)

    assert len(symbols) == 60
    assert for_symbols < 70 << 10
    assert stored is not None
    assert stored.bars == given.bars


@pytest.mark.slow
def test_the_rest_of_a_file_that_was_replaced_is_not_read_in_a_turn(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket, "_WHOLE", 1)
    put(place, "bars", bytes(200 << 10))
    files = Bucket(place)

    with files.turn():
        half_read = files.open("bars")
        put(place, "bars", b"other" * (40 << 10))
        assert isinstance(half_read, in_ranges.InRanges)
        with pytest.raises((Conflict, FileNotFoundError)):
            half_read.read(1)


@pytest.mark.slow
def test_what_was_removed_meanwhile_is_not_put_back(place: str) -> None:
    put(place, "bars", b"old")
    one, other = Bucket(place), Bucket(place)

    with one.turn():
        one.read("bars")
        other.remove("bars")
        with pytest.raises(Conflict):
            one.put("bars", b"new")

    assert Bucket(place).entry("bars") is None


@pytest.mark.slow
def test_what_was_never_read_is_replaced_if_it_is_what_was_listed(place: str) -> None:
    put(place, "bars", b"old")
    one, other = Bucket(place), Bucket(place)
    assert one.entry("bars") is not None

    other.put("bars", b"newer")
    with pytest.raises(Conflict):
        one.put("bars", b"newest")
    other.put("bars", b"newest")

    assert Bucket(place).read("bars") == b"newest"


@pytest.mark.slow
def test_what_cannot_be_reached_or_refuses_is_one_sentence_without_a_key(
    place: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = f"{kind}://no-such-bucket/x"
    for address, words in [(place, f"no store at {kind}://bucket-"), (absent, f"{absent}: {ABSENT[kind]}")]:
        with pytest.raises(BarkeeperError, match=words) as told:
            open_store(address, read_only=True)
        assert not [key for key in (KEYS["AWS_SECRET_ACCESS_KEY"], ACCOUNT_KEY) if key in traced(told.value)]
    monkeypatch.setattr(bucket, "_REFUSED_AFTER_S", 0)
    with reached(kind, 9), pytest.raises(DataError, match=f"^{place}: .*") as told:
        open_store(place, read_only=True)
    assert "\n" not in str(told.value)


def test_who_names_no_account_is_told_how(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_NAME", raising=False)

    with pytest.raises(SettingsError, match="no keys to it are in the environment, such as AZURE_STORAGE_ACCOUNT_NAME"):
        open_store("az://container/minutes")


def test_who_lacks_the_package_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)

    with pytest.raises(SettingsError, match=r"python -m pip install 'barkeeper\[bucket\]'"):
        open_store("s3://bucket/minutes")


def test_a_folder_may_be_an_address_too(tmp_path: Path) -> None:
    store = open_store((tmp_path / "a b").as_uri())
    store.merge("XNYS", DATE, day(bar("A", 0)))
    store.close()

    assert ParquetStore(tmp_path / "a b", read_only=True).dates("XNYS") == (DATE,)
    assert folder_of("file:///a%20b") == Path("/a b")


def test_the_journal_of_a_bucket_lies_where_the_program_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert journals_of("s3://bucket-1/minutes/us") == tmp_path / "bucket-1-minutes-us.journals"


@pytest.mark.parametrize(
    ("kind", "said", "sentence"),
    [
        (
            "s3",
            "Generic S3 error: PUT http://169.254.169.254/latest/api/token Debug source: Generic { ... }",
            "no keys to it are in the environment, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        ),
        (
            "gs",
            "Generic GCS error: GET http://169.254.169.254/computeMetadata/v1/token Debug source: Generic { ... }",
            "no keys to it are in the environment, such as GOOGLE_APPLICATION_CREDENTIALS",
        ),
        (
            "s3",
            "Generic S3 error: no route\n to host Debug source: Generic { store: 1 }",
            "Generic S3 error: no route to host",
        ),
        (
            "s3",
            "<Code>AccessDenied</Code><Message>Access Denied</Message><Key>k</Key>",
            "AccessDenied: Access Denied",
        ),
    ],
)
def test_what_a_bucket_says_is_told_in_a_sentence(kind: str, said: str, sentence: str) -> None:
    assert told(OSError(said), kind) == sentence
