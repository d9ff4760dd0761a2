"""Many symbols at the same minutes, as arrays, frames and tables."""

import pickle

import numpy as np
import pyarrow as pa
import pytest

from messages import BarField, BarMatrix, UnknownSymbol, codec
from messages.tables.columns import freeze
from messages.values import MINUTE_NS, ONE_MINUTE
from tests.builders import NEW_YORK, at
from tests.messages.equality import assert_different, assert_equal

CLOSE, VOLUME = BarField.CLOSE, BarField.VOLUME


def matrix(*fields: BarField, rows: int = 2, symbols: tuple[str, ...] = ("AAPL", "MSFT", "NVDA")) -> BarMatrix:
    """Numbers from 0 on in every cell but the first, in which there is none."""
    shape = (len(fields), rows, len(symbols))
    values = np.arange(np.prod(shape), dtype=np.float64).reshape(shape)
    values[:, :1, 0] = np.nan
    starts = at("09:30") + np.arange(rows, dtype=np.int64) * MINUTE_NS
    has_bar = ~np.isnan(values[0])
    return BarMatrix(
        symbols=symbols,
        fields=fields,
        interval=ONE_MINUTE,
        start_ns=freeze(starts),
        end_ns=freeze(starts + MINUTE_NS),
        values=freeze(values),
        verdicts=freeze(np.where(has_bar, 4, 0).astype(np.uint8)),
        is_complete=freeze(has_bar),
        is_filled=freeze(np.zeros_like(has_bar)),
        tz=NEW_YORK,
        now_ns=at("09:32"),
        revision=2,
    )


ONE, TWO = matrix(CLOSE), matrix(CLOSE, VOLUME)


def test_it_is_indexed_by_field() -> None:
    assert TWO["close"][1].tolist() == TWO[CLOSE][1].tolist() == [3, 4, 5]
    assert TWO["volume"][-1, TWO.column("NVDA")] == 11
    with pytest.raises(KeyError, match="'high' was not asked for; there are close, volume"):
        TWO["high"]
    with pytest.raises(UnknownSymbol, match="unknown symbol 'NVDIA'; nearest: NVDA"):
        TWO.column("NVDIA")


def test_it_says_what_it_has_in_a_line() -> None:
    assert repr(TWO) == (
        "<BarMatrix close, volume of 3 symbols 1m: 2 rows, 2024-07-02 09:30 to 2024-07-02 09:31 America/New_York>"
    )
    assert ": 1 row, 2024-07-02 09:30 to " in repr(matrix(CLOSE, rows=1))
    assert repr(matrix(CLOSE, rows=0, symbols=("A",))) == "<BarMatrix close of A 1m: no rows>"
    assert "<table" in ONE._repr_html_()


def test_a_frame_is_wide() -> None:
    frame = ONE.to_pandas()

    assert list(frame.columns) == ["AAPL", "MSFT", "NVDA"]
    assert [start.strftime("%H:%M %Z") for start in frame.index] == ["09:30 EDT", "09:31 EDT"]
    assert frame["MSFT"].tolist() == [1, 4]
    assert frame["AAPL"].isna().tolist() == [True, False]
    assert [start.hour for start in ONE.to_pandas("UTC").index] == [13, 13]


def test_a_frame_of_several_fields_has_them_above_the_symbols() -> None:
    frame = TWO.to_pandas()

    assert frame.columns.names == ["field", "symbol"]
    assert frame["volume"]["NVDA"].tolist() == [8, 11]
    assert matrix(CLOSE, VOLUME, rows=0).to_pandas().shape == (0, 6)


def test_a_table_has_nulls_where_there_is_no_bar() -> None:
    one, two = ONE.to_arrow(), TWO.to_arrow()

    assert one.schema.field("start").type == pa.timestamp("ns", tz="UTC")
    assert one.column("AAPL").to_pylist() == [None, 3]
    assert two.column_names == ["start", *(f"{field} {name}" for field in ("close", "volume") for name in ONE.symbols)]
    assert two.column("volume MSFT").to_pylist() == [7, 10]


def test_an_array_is_one_s_own() -> None:
    own = ONE.to_numpy()
    own[0] = 7

    assert (own.shape, TWO.to_numpy().shape) == ((2, 3), (2, 2, 3))
    assert ONE["close"][0, 1] == 1
    with pytest.raises(ValueError, match="read-only"):
        ONE["close"][0, 1] = 7


def test_it_goes_to_other_processes_and_into_files() -> None:
    assert_equal(pickle.loads(pickle.dumps(TWO)), TWO)
    assert_equal(codec.decoder(BarMatrix).decode(codec.encode(TWO)), TWO)
    assert_different(ONE, matrix(VOLUME))
