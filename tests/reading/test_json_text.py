"""JSON that holds bars, and JSON that does not."""

import json

import pytest

from actors.reading.json_text import looks_like_bars, table_of
from messages.errors import DataError

PRICES = {"open": 1, "high": 2, "low": 1, "close": 2}
BAR = {"time": 1704153600} | PRICES
NOTHING = ["[]", "{}", "[[]]", '{"x": 1}', '[{"price": 1, "time": 2}]', "[[1, 2]]", '{"a": {"b": 1}}']


@pytest.mark.parametrize(
    "document",
    [
        [BAR], {"data": [BAR]}, {"meta": {"x": "y"}, "values": [BAR]}, {name: [cell] for name, cell in BAR.items()},
        {name: {"0": cell} for name, cell in BAR.items()}, [[1704153600000, 1, 2, 1, 2, 5]],
        {"columns": list(BAR), "data": [list(BAR.values())]}, {"1704153600": PRICES},
    ],
)  # fmt: skip
def test_a_table_is_found_wherever_it_stands(document: object) -> None:
    text = json.dumps(document)

    found = table_of(text).columns

    assert looks_like_bars(text)
    assert [str(found[role][0]) for role in ("open", "high", "low", "close")] == ["1", "2", "1", "2"]
    assert str(found["time"][0]).startswith("1704153600")


def test_lines_of_records_may_end_anywhere() -> None:
    assert table_of(f"{json.dumps(BAR)}\n\n{json.dumps(BAR)}\n").columns["close"] == [2, 2]


def test_a_line_that_was_cut_short_is_left_out_and_told() -> None:
    line = json.dumps(BAR)
    found = table_of(f'{line}\n{line}\n{{"time": 17')

    assert (found.columns["close"], found.broken) == ([2, 2], ((3, '{"time": 17'),))


@pytest.mark.parametrize(
    "text", ["[]", "{}", "[[]]", '{"x": 1}', '[{"price": 1, "time": 2}]', "[[1, 2]]", '{"a": {"b": 1}}']
)
def test_what_holds_no_bars_is_refused(text: str) -> None:
    assert not looks_like_bars(text)
    with pytest.raises(DataError, match="no table of bars"):
        table_of(text)


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(DataError, match="no sound JSON"):
        table_of('[{"open": 1')


def test_an_answer_of_kraken_without_bars_shows_what_it_says() -> None:
    with pytest.raises(DataError, match="EQuery:Unknown asset pair"):
        table_of('{"error": ["EQuery:Unknown asset pair"], "result": {}}')
