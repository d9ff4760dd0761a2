"""Arrow's columns as numpy arrays, and back, as they lie in memory: Arrow's own ways import pandas, 0.2 s."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Cells = npt.NDArray[Any]


def cells_of(column: Any, kind: Any) -> Cells:
    """Return the cells of a column, or of an array, of numbers or instants; NaN where one is empty.

    Args:
        column: of a kind as wide as the next.
        kind: how numpy is to understand it: as an int64, where it is instants.
    """
    dtype = np.dtype(kind)
    parts = [_cells(chunk, dtype) for chunk in getattr(column, "chunks", [column])]
    return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, dtype=dtype), *parts])


def column_of(cells: Cells, kind: Any, *, may_lack: bool = False) -> Any:
    """Return numbers as an Arrow array, which shares their memory where it can.

    Args:
        cells: the numbers.
        kind: Arrow's, as wide as theirs.
        may_lack: whether NaN is an empty cell.
    """
    import pyarrow as pa

    cells, filled, lacking = np.ascontiguousarray(cells), None, 0
    if may_lack and (is_nan := np.isnan(cells)).any():
        filled, lacking = pa.py_buffer(np.packbits(~is_nan, bitorder="little")), int(np.count_nonzero(is_nan))
    return pa.Array.from_buffers(kind, len(cells), [filled, pa.py_buffer(cells)], lacking)


def named_column(numbers: Cells, names: Sequence[str]) -> Any:
    """Return an Arrow array of names, given for each cell the number of its name."""
    import pyarrow as pa

    raw = [name.encode() for name in names]
    ends = np.cumsum([0, *map(len, raw)], dtype=np.int32)
    texts = pa.Array.from_buffers(pa.string(), len(raw), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(raw))])
    kind = pa.from_numpy_dtype(numbers.dtype)
    return pa.DictionaryArray.from_arrays(column_of(numbers, kind), texts)


def _cells(chunk: Any, kind: "np.dtype[Any]") -> Cells:
    if not len(chunk):
        return np.empty(0, dtype=kind)
    filled, data = chunk.buffers()
    cells = np.frombuffer(data, kind, len(chunk), chunk.offset * kind.itemsize)
    if not chunk.null_count:
        return cells
    bits = np.unpackbits(np.frombuffer(filled, np.uint8), count=chunk.offset + len(chunk), bitorder="little")
    return np.where(bits[chunk.offset :], cells, np.nan)
