"""What the Parquet store promises about certificates beyond the contract: their files, and damage to them."""

import os
import subprocess
import sys
from contextlib import closing
from itertools import chain, cycle
from pathlib import Path

import msgspec
import pytest

from actors.storage.beside.packed_runs import FEW
from actors.storage.parquet import ParquetStore
from messages.errors import DataError, StoreLocked
from messages.tables.runs import Runs
from messages.values import MINUTE_NS, Verdict, VerdictRun
from tests.builders import DAY, HALF_DAY
from tests.certificates import certificate
from tests.storage.days import all_regular, bar, day, file_of


def sidecar(store: ParquetStore, date: str = DAY.date) -> Path:
    return file_of(store, date).with_name("_certificate.json")


def minute(number: int) -> int:
    return DAY.start_ns + number * MINUTE_NS


def test_a_certificate_lies_beside_its_day(store: ParquetStore) -> None:
    store.certify("XNYS", DAY.date, certificate("A"))
    store.merge("XNYS", DAY.date, day(bar("A", 0)))

    names = {path.name for path in file_of(store, DAY.date).parent.iterdir()}
    assert names == {"bars.parquet", "_certificate.json"}
    assert msgspec.json.decode(sidecar(store).read_bytes())["digest"] == "d1"


def test_a_certificate_that_changes_nothing_leaves_the_file_alone(store: ParquetStore) -> None:
    store.certify("XNYS", DAY.date, certificate("A"))
    before = sidecar(store).stat().st_ino, sidecar(store).stat().st_mtime_ns

    store.certify("XNYS", DAY.date, certificate("A"))

    assert (sidecar(store).stat().st_ino, sidecar(store).stat().st_mtime_ns) == before


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "Input data was truncated"),
        (b"\xff\xfe", "malformed|invalid|decode"),
        (b"[]", "Expected `object`, got `array`"),
        (b'{"version": 3, "calendar": "XNYS", "date": "2024-07-02"}', "expected version 1 or 2 of the format, found 3"),
        (b'{"version": 1, "calendar": "XNYS", "date": "2024-07-02"}', "missing required field"),
        (msgspec.json.encode(certificate("A", session=HALF_DAY)), "expected XNYS on 2024-07-02, found .*2024-07-03"),
    ],
)
def test_a_damaged_certificate_is_named_with_what_was_expected(
    store: ParquetStore, content: bytes, complaint: str
) -> None:
    store.certify("XNYS", DAY.date, certificate("A"))
    sidecar(store).write_bytes(content)

    with pytest.raises(DataError, match=complaint) as caught:
        store.certificate("XNYS", DAY.date)

    assert str(caught.value).startswith(str(sidecar(store)))
    assert "XNYS on 2024-07-02" in str(caught.value) or "version 1" in str(caught.value)


def test_many_runs_are_packed_in_the_file_and_come_back_as_they_were(store: ParquetStore) -> None:
    runs = [
        VerdictRun(
            symbol=f"S{symbol:02}", verdict=verdict, start_ns=minute(first), end_ns=minute(first + 2), source="up"
        )
        for symbol in range(20)
        for first, verdict in zip(range(0, 390, 3), cycle((Verdict.NO_TRADE, Verdict.NO_TRADE, Verdict.ABANDONED)))
    ]
    given = msgspec.structs.replace(certificate("A"), runs=tuple(runs))
    store.certify("XNYS", DAY.date, given)
    raw = sidecar(store).read_bytes()
    written = msgspec.json.decode(raw)

    assert store.certificate("XNYS", DAY.date) == given
    assert store.is_as_issued("XNYS", DAY.date) is True
    assert (written["version"], written["runs"]) == (2, [])
    assert len(raw) < len(msgspec.json.encode(given)) / 5
    sidecar(store).write_bytes(raw.replace(b'"S07",1,[', b'"S07",2,[', 1))
    with pytest.raises(DataError, match="its packed runs do not fit together"):
        store.certificate("XNYS", DAY.date)


@pytest.mark.parametrize("count", [0, 1, FEW // 2, FEW + 1])
@pytest.mark.parametrize("is_there", [False, True])
def test_runs_that_come_beside_a_certificate_are_written_as_if_it_had_them(
    store: ParquetStore, tmp_path: Path, count: int, *, is_there: bool
) -> None:
    pieces = [
        tuple(
            VerdictRun(
                symbol=f"S{symbol}",
                verdict=verdict,
                start_ns=minute(2 * number),
                end_ns=minute(2 * number + 1),
                source="",
            )
            for number in range(count)
        )
        for symbol, verdict in enumerate((Verdict.NO_TRADE, Verdict.NO_TRADE, Verdict.ABANDONED))
    ]
    with closing(ParquetStore(tmp_path / "other")) as other:
        for one in (store, other) if is_there else ():
            one.certify("XNYS", DAY.date, certificate("A", digest="old"))

        store.certify_with("XNYS", DAY.date, certificate("A"), lambda: map(Runs.of, pieces))
        other.certify("XNYS", DAY.date, certificate("A", runs=tuple(chain.from_iterable(pieces))))

        assert sidecar(store).read_bytes() == sidecar(other).read_bytes()
        assert store.certificate("XNYS", DAY.date) == other.certificate("XNYS", DAY.date)
        assert store.is_as_issued("XNYS", DAY.date) is True


def test_a_file_in_which_runs_are_one_by_one_is_read_however_many_they_are(store: ParquetStore) -> None:
    run = VerdictRun(symbol="A", verdict=Verdict.NO_TRADE, start_ns=minute(0), end_ns=minute(1), source="up")
    given = msgspec.structs.replace(certificate("A"), runs=(run,) * 2 * FEW)
    store.certify("XNYS", DAY.date, certificate("A"))
    sidecar(store).write_bytes(msgspec.json.encode(given))

    assert store.certificate("XNYS", DAY.date) == given


def test_a_certificate_that_cannot_be_opened_is_an_error(store: ParquetStore) -> None:
    sidecar(store).mkdir(parents=True)

    with pytest.raises(DataError, match=r"certificate.json cannot be read: expected a JSON file"):
        store.certificate("XNYS", DAY.date)


def test_a_damaged_certificate_is_not_written_over(store: ParquetStore) -> None:
    store.certify("XNYS", DAY.date, certificate("A"))
    sidecar(store).write_bytes(b"{")

    with pytest.raises(DataError, match="cannot be read"):
        store.certify("XNYS", DAY.date, certificate("B"))

    assert sidecar(store).read_bytes() == b"{"


CRASH = """
import os, sys
from pathlib import Path
from actors.storage.parquet import ParquetStore
from tests.builders import DAY
from tests.certificates import certificate

store = ParquetStore(Path(sys.argv[1]))
store.certify("XNYS", DAY.date, certificate("A"))
os.replace = lambda *_: os._exit(9)
store.certify("XNYS", DAY.date, certificate("A", digest="another"))
"""


def test_a_process_that_dies_before_the_rename_leaves_the_old_certificate(tmp_path: Path) -> None:
    died = subprocess.run([sys.executable, "-c", CRASH, str(tmp_path)], check=False)
    assert died.returncode == 9
    assert len(list(tmp_path.rglob("*.tmp"))) == 1

    store = ParquetStore(tmp_path, segment_of=all_regular)
    assert store.certificate("XNYS", DAY.date) == certificate("A")
    assert store.certified("XNYS") == (DAY.date,)

    store.merge("XNYS", DAY.date, day(bar("A", 1)))
    assert list(tmp_path.rglob("*.tmp")) == []
    store.close()


def test_certifying_takes_the_writers_lock(store: ParquetStore) -> None:
    store.certify("XNYS", DAY.date, certificate("A"))
    other = ParquetStore(store.root)

    with pytest.raises(StoreLocked, match=f"process {os.getpid()}"):
        other.certify("XNYS", DAY.date, certificate("B"))
    assert other.certificate("XNYS", DAY.date) == certificate("A")


def test_a_store_that_is_only_read_certifies_nothing(store: ParquetStore) -> None:
    store.merge("XNYS", DAY.date, day(bar("A", 0)))
    reader = ParquetStore(store.root, read_only=True)

    with pytest.raises(DataError, match="open for reading only"):
        reader.certify("XNYS", DAY.date, certificate("A"))


def test_a_disk_that_refuses_a_certificate_is_an_error_that_names_the_store(store: ParquetStore) -> None:
    sidecar(store).with_name(f".{sidecar(store).name}.tmp").mkdir(parents=True)

    with pytest.raises(DataError, match="cannot write to the store"):
        store.certify("XNYS", DAY.date, certificate("A"))
