"""Whether what a source answers is what an answer is: people write sources, and a struct checks nothing."""

from itertools import pairwise

import msgspec
import numpy as np

from actors.kernel.ports import SourceAnswer
from messages.errors import DataError
from messages.tables.columns import EXTRA_FIELDS, FIELDS, BarBatch
from messages.values import Gap

_ROWS = (len(FIELDS), len(FIELDS) + len(EXTRA_FIELDS))


def check_answer(answer: object) -> SourceAnswer:
    """Return an answer as it is, or with its bars in order.

    Raises:
        DataError: it is none, or what it consists of does not fit together; says what is expected.
    """
    if not isinstance(answer, SourceAnswer) or not isinstance(answer.bars, BarBatch):
        given: object = answer.bars if isinstance(answer, SourceAnswer) else answer
        raise DataError(f"its fetch returned {_kind(given)}; a SourceAnswer is expected, whose bars are a BarBatch")
    bars, silent = _in_order(answer.bars), answer.no_trade
    if not isinstance(silent, tuple) or not all(map(_is_gap, silent)):
        raise DataError(
            f"no_trade of its answer is {_kind(silent)}; a tuple of Gaps is expected, empty if none is known"
        )
    return answer if bars is answer.bars else msgspec.structs.replace(answer, bars=bars)


def _in_order(bars: BarBatch) -> BarBatch:
    """Return the bars sorted by start and symbol."""
    index, starts, values, table = bars.symbol_index, bars.start_ns, bars.values, bars.symbols
    if not all(isinstance(column, np.ndarray) for column in (index, starts, values)):
        raise DataError("the columns of its bars are not all numpy arrays; make a batch with BarBatch.of or .build")
    if index.dtype.kind not in "iu" or starts.dtype.kind not in "iu" or values.dtype.kind not in "iuf":
        raise DataError("its bars have no whole numbers for symbol_index and start_ns, or no numbers for values")
    if index.shape != starts.shape or starts.ndim != 1 or values.shape[1:] != starts.shape or len(values) not in _ROWS:
        raise DataError(
            f"its bars have columns of {index.shape}, {starts.shape} and {values.shape}; "
            "symbol_index and start_ns are of one length, and values have 5 or 7 rows of it"
        )
    if not isinstance(table, tuple) or not all(isinstance(name, str) for name in table):
        raise DataError(f"the symbols of its bars are {_kind(table)}; a tuple of texts is expected")
    if not len(starts):
        return bars
    if index.min() < 0 or index.max() >= len(table):
        raise DataError("its bars have a symbol_index that is no place in their table of symbols")
    is_later = (starts[1:] > starts[:-1]) | ((starts[1:] == starts[:-1]) & (index[1:] > index[:-1]))
    if bool(is_later.all()) and all(one < other for one, other in pairwise(table)):
        return bars
    return BarBatch.build(table, index, starts, values, bars.interval)


def _is_gap(given: object) -> bool:
    if not isinstance(given, Gap):
        return False
    symbols: object = given.symbols
    ends: tuple[object, ...] = (given.start_ns, given.end_ns)
    is_named = isinstance(symbols, tuple) and all(isinstance(name, str) for name in symbols)
    return is_named and all(isinstance(end, int | np.integer) for end in ends)


def _kind(given: object) -> str:
    return f"{type(given).__module__}.{type(given).__qualname__}".removeprefix("builtins.")
