"""How a day was lived, as it rests in the store: written, read, gone on with, and found out when it is damaged."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace

from actors.storage.journal.prints import continued, read_prints, write_prints
from messages import DataError, Prints, Verdict
from tests.builders import DAY, arrived, at, bar, opened, time
from tests.system.test_as_lived import sealed
from tests.system.test_lived_day import CAME


def lived() -> Prints:
    prints = sealed(CAME).prints
    assert prints is not None
    return prints


def told(prints: Prints) -> list[tuple[int, str, int, Verdict, float]]:
    rows = zip(prints.known_ns, prints.names(), prints.start_ns, prints.verdicts, prints.close, strict=True)
    return [
        (int(known), name, int(start), Verdict(int(verdict)), float(close))
        for known, name, start, verdict, close in rows
    ]


CAME_SO = [
    (at("09:31"), "A", at("09:30"), Verdict.STREAMED, 1.0),
    (at("09:32"), "A", at("09:31"), Verdict.STREAMED, 100.0),
    (at("09:32"), "B", at("09:31"), Verdict.STREAMED, 100.0),
    (at("09:33"), "B", at("09:30"), Verdict.LATE, 7.0),
    (at("09:34"), "A", at("09:31"), Verdict.CORRECTED, 5.0),
]


def test_every_print_is_kept_with_when_it_came() -> None:
    assert told(lived()) == CAME_SO
    assert lived().members == ("A", "B")


def test_what_is_known_of_vwap_and_trades_is_kept(tmp_path: Path) -> None:
    prints = lived()
    rich = replace(prints, values=np.vstack([prints.values, prints.values[:1], np.full((1, len(prints)), np.nan)]))
    write_prints(tmp_path / "p", "XNYS", DAY.date, rich)

    assert read_prints(tmp_path / "p", "XNYS", DAY.date) == rich


def test_a_file_that_was_changed_is_found_out(tmp_path: Path) -> None:
    path = tmp_path / "p"
    write_prints(path, "XNYS", DAY.date, lived())
    table = pq.read_table(path)
    place = table.column_names.index("close")
    later = table.set_column(place, "close", [[2.0, *table["close"].to_pylist()[1:]]])
    pq.write_table(later.replace_schema_metadata(table.schema.metadata), path)

    with pytest.raises(DataError, match="is not what was written"):
        read_prints(path, "XNYS", DAY.date)


@pytest.mark.parametrize("damage", [b"", b"no parquet", None])
def test_a_file_that_cannot_be_read_is_refused_by_name(tmp_path: Path, damage: bytes | None) -> None:
    path = tmp_path / "p"
    write_prints(path, "XNYS", DAY.date, lived())
    path.write_bytes(path.read_bytes()[:-40] if damage is None else damage)

    with pytest.raises(DataError, match=r"p cannot be read: expected how XNYS was lived on 2024-07-02, but: "):
        read_prints(path, "XNYS", DAY.date)


def test_the_record_of_another_day_is_refused(tmp_path: Path) -> None:
    write_prints(tmp_path / "p", "XNYS", "2024-07-03", lived())

    with pytest.raises(DataError, match="found 1 of XNYS on 2024-07-03"):
        read_prints(tmp_path / "p", "XNYS", DAY.date)


def test_the_same_again_changes_nothing_and_more_goes_on() -> None:
    first = sealed(CAME[:4]).prints
    assert first is not None

    assert continued(None, first) == first
    assert continued(first, lived()) == lived()
    assert continued(lived(), lived()) == lived()


def test_what_a_later_run_says_again_is_no_news_and_first_prints_stay() -> None:
    again = sealed(
        [
            opened(DAY, ["A", "B"]),
            arrived(bar("A", "09:30", 1.0), bar("A", "09:31", 5.0), bar("C", "09:31", 8.0), now=at("09:50")),
            time("09:50"),
        ]
    ).prints
    assert again is not None
    both = told(continued(lived(), again))

    assert both == [
        *CAME_SO,
        (at("09:50"), "A", at("09:31"), Verdict.STREAMED, 5.0),  # it had been corrected
        (at("09:50"), "C", at("09:31"), Verdict.STREAMED, 8.0),
    ]
