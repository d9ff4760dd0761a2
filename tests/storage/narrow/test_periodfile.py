"""What the file of several days looks like to others, and what becomes of one that is damaged."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.storage import barfile
from actors.storage.narrow.periodfile import read_period, read_period_head, write_period
from actors.storage.narrow.together import Together
from messages.errors import DataError
from messages.values import ONE_MINUTE
from tests.contracts.test_many_days import together
from tests.depth import examples
from tests.storage.days import bar, day

DATES = ("2024-03-08", "2024-03-11")


def days(minutes: int = 2, **fields: float) -> Together:
    given_days = together(
        {
            DATES[0]: day(*(bar(symbol, minute, 10.0 + minute) for symbol in "AB" for minute in range(minutes))),
            DATES[1]: day(*(bar("A", minute, 11.0 + minute, **fields) for minute in range(minutes))),
        }
    )
    return Together.of(given_days, np.ones(len(given_days.bars), dtype=np.uint8))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_period(tmp_path / "2024.parquet", "XNYS", "2024", days())
    return tmp_path / "2024.parquet"


def same(found: Together, expected: Together) -> bool:
    return (found.dates, found.ends.tolist(), found.known, found.zones, found.bars, found.verdicts.tolist()) == (
        expected.dates,
        expected.ends.tolist(),
        expected.known,
        expected.zones,
        expected.bars,
        expected.verdicts.tolist(),
    )


def test_anybody_can_read_the_file_with_pandas(path: Path) -> None:
    frame = pd.read_parquet(path)

    assert list(frame) == [
        "symbol", "start", "open", "high", "low", "close", "volume", "vwap", "trades", "verdict", "segment", "date",
    ]  # fmt: skip
    assert frame["date"].tolist() == [DATES[0]] * 4 + [DATES[1]] * 2
    assert frame["symbol"].tolist() == ["A", "B", "A", "B", "A", "A"]
    assert frame["segment"].tolist() == ["regular"] * 6


def test_the_metadata_says_what_the_file_is(path: Path) -> None:
    found = {key.decode(): text.decode() for key, text in pq.read_schema(path).metadata.items() if b"barkeeper" in key}

    assert found == {
        "barkeeper.version": "1",
        "barkeeper.calendar": "XNYS",
        "barkeeper.period": "2024",
        "barkeeper.interval": "1m",
        "barkeeper.symbols": '["A","B"]',
        "barkeeper.days": f'[["{DATES[0]}",4,5,"America/New_York"],["{DATES[1]}",2,5,"America/New_York"]]',
    }
    head = read_period_head(path, "XNYS", "2024")
    assert (head.dates, head.interval) == (DATES, ONE_MINUTE)


@pytest.mark.parametrize("group", [1, 4, 100])
def test_what_was_written_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: int) -> None:
    monkeypatch.setattr(barfile, "ROW_GROUP", group)
    for number, given_days in enumerate((days(), days(3, vwap=1.5, trades=2.0))):
        path = tmp_path / f"{number}.parquet"
        write_period(path, "XNYS", "2024", given_days)

        assert same(read_period(path, "XNYS", "2024"), given_days)


def rewritten(path: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    """Write a file anew with other columns or metadata, as somebody else's program might."""
    pq.write_table(change(pq.ParquetFile(path).read()), path)


def saying(key: str, text: str) -> Callable[[pa.Table], pa.Table]:
    return lambda table: table.replace_schema_metadata({**table.schema.metadata, b"barkeeper." + key.encode(): text})


def dated(*dates: str) -> Callable[[pa.Table], pa.Table]:
    return lambda table: table.set_column(11, "date", pa.array(dates).dictionary_encode())


ZONE = "America/New_York"
DAMAGES = {
    "other version": (saying("version", "2"), "expected version 1 .* found 2"),
    "other calendar": (saying("calendar", "XLON"), "expected XNYS in 2024, found XLON in 2024"),
    "other period": (saying("period", "2023"), "expected XNYS in 2024, found XNYS in 2023"),
    "no day": (saying("days", "[]"), "not those of 2024"),
    "other year": (saying("days", f'[["2023-03-08",6,5,"{ZONE}"]]'), "not those of 2024"),
    "odd fields": (saying("days", f'[["2024-03-08",6,6,"{ZONE}"]]'), "not those of 2024"),
    "other numbers": (saying("days", f'[["{DATES[0]}",3,5,"x"],["{DATES[1]}",3,5,"x"]]'), "'date' has other days"),
    "days turned": (saying("days", f'[["{DATES[1]}",4,5,"x"],["{DATES[0]}",2,5,"x"]]'), "'date' has other days"),
    "unknown day": (dated(*[DATES[0]] * 5, "2024-03-12"), "'date' holds '2024-03-12', which"),
    "mixed days": (dated(*DATES, *[DATES[0]] * 3, DATES[1]), "'date' has other days"),
    "no date": (lambda t: t.drop_columns(["date"]), "'date' of string, found no such column"),
    "no close": (lambda t: t.drop_columns(["close"]), "'close' of double, found no such column"),
    "odd segment": (
        lambda t: t.set_column(10, "segment", pa.array(["lunch"] * 6).dictionary_encode()),
        "'segment' holds 'lunch'",
    ),
    "disorder": (lambda t: t.take([1, 0, 2, 3, 4, 5]), "sorted by start and symbol"),
    "no row": (lambda t: t.slice(0, 0), "'date' has other days"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_does_not_fit_names_itself_and_what_is_wrong(path: Path, damage: str) -> None:
    change, message = DAMAGES[damage]

    rewritten(path, change)

    with pytest.raises(DataError, match=message) as caught:
        read_period(path, "XNYS", "2024")
    assert str(path) in str(caught.value)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "2024.parquet"
    write_period(path, "XNYS", "2024", days(40))
    return path


@examples(30)
@given(share=st.floats(0.0, 0.999))
def test_a_truncated_file_is_an_error_that_names_it(sound: Path, share: float) -> None:
    content = sound.read_bytes()
    truncated = sound.with_name("truncated.parquet")
    truncated.write_bytes(content[: int(share * len(content))])

    with pytest.raises(DataError, match=r"truncated\.parquet cannot be read: expected a Parquet file with the days of"):
        read_period(truncated, "XNYS", "2024")


@examples(60)
@given(place=st.floats(0.0, 0.999), flipped=st.integers(1, 255))
def test_a_flipped_byte_among_the_bars_never_gives_other_bars(sound: Path, place: float, flipped: int) -> None:
    content = bytearray(sound.read_bytes())
    end_of_bars = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    content[int(place * end_of_bars)] ^= flipped
    changed = sound.with_name("flipped.parquet")
    changed.write_bytes(content)

    try:
        found = read_period(changed, "XNYS", "2024")
    except DataError:
        return

    assert same(found, read_period(sound, "XNYS", "2024"))


@pytest.mark.parametrize("column", [*range(7), 9, 10, 11])  # those between are empty
def test_no_flipped_bit_in_the_head_of_a_page_gives_other_bars(sound: Path, column: int) -> None:
    content, expected = sound.read_bytes(), read_period(sound, "XNYS", "2024")
    chunk = pq.read_metadata(sound).row_group(0).column(column)
    changed = sound.with_name("headless.parquet")
    for head in filter(None, (chunk.dictionary_page_offset, chunk.data_page_offset)):
        for place in range(head, head + 20):  # page heads have no checksum
            changed.write_bytes(content[:place] + bytes([content[place] ^ 1 << place % 8]) + content[place + 1 :])
            try:
                found = read_period(changed, "XNYS", "2024")
            except DataError:
                continue
            assert same(found, expected), place
            assert found.segments.tolist() == expected.segments.tolist()
