"""JSON files: what their documents say beside the table, and rows that are no bars."""

import json
from pathlib import Path

from tests.vendors.files import bars, only, times, written

RECORD = {"time": "2024-01-15T09:30:00Z", "open": 1, "high": 3, "low": 0.5, "close": 2, "volume": 7}


def test_alpha_vantages_answer_says_symbol_and_zone_and_is_stamped_at_the_end(tmp_path: Path) -> None:
    answer = {
        "Meta Data": {"1. Information": "Intraday (1min)", "2. Symbol": "IBM", "6. Time Zone": "US/Eastern"},
        "Time Series (1min)": {
            "2024-01-15 09:32:00": {"1. open": "2", "2. high": "4", "3. low": "1", "4. close": "3", "5. volume": "8"},
            "2024-01-15 09:31:00": {"1. open": "1", "2. high": "3", "3. low": "1", "4. close": "2", "5. volume": "7"},
        },
    }

    raw = only(written(tmp_path / "answer.json", json.dumps(answer)))

    assert (raw.symbols, times(raw)) == (("IBM",), ["2024-01-15 14:31", "2024-01-15 14:30"])
    assert bars(raw) == [[2, 4, 1, 3, 8], [1, 3, 1, 2, 7]]


def test_records_that_are_no_bars_are_counted_with_what_they_hold(tmp_path: Path) -> None:
    records = [RECORD, RECORD | {"time": "soon"}, RECORD | {"close": "many"}, RECORD]

    raw = only(written(tmp_path / "ABC.json", json.dumps(records)))

    assert raw.rows.tolist() == [1, 4]
    assert [(row.row, row.field, row.seen) for row in raw.broken.rows] == [(2, "time", "soon"), (3, "close", "many")]


def test_a_record_may_lack_its_volume(tmp_path: Path) -> None:
    short = {name: value for name, value in RECORD.items() if name != "volume"}

    raw = only(written(tmp_path / "ABC.json", "\n".join(map(json.dumps, (RECORD, short)))))

    assert [str(volume) for volume in raw.values[4].tolist()] == ["7.0", "nan"]
