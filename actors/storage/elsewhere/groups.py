"""Where in a day's Parquet file the rows of a few symbols lie, told by its end."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any

from actors.storage.elsewhere.in_ranges import Ranges


def ranges_with(symbols: Sequence[str], end: bytes) -> Ranges:
    """Return where the groups of rows lie that may have some of the symbols.

    None where that cannot be told: what is too short, or no Parquet, is for its reader to find out.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        metadata = pq.read_metadata(pa.BufferReader(end))
    except (pa.ArrowException, OSError):
        return []
    wanted = sorted(symbols)
    found: Ranges = []
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        columns = [group.column(place) for place in range(group.num_columns)]
        if _may_have(wanted, columns):
            begins = [_begin(column) for column in columns]
            ends = [begin + column.total_compressed_size for begin, column in zip(begins, columns, strict=True)]
            if found and found[-1][1] == min(begins):
                found[-1] = (found[-1][0], max(ends))
            else:
                found.append((min(begins), max(ends)))
    return found


def _may_have(wanted: list[str], columns: list[Any]) -> bool:
    told = [column.statistics for column in columns if column.path_in_schema == "symbol"]
    if len(told) != 1 or told[0] is None or not told[0].has_min_max:
        return True
    return bisect_left(wanted, told[0].min) < bisect_right(wanted, told[0].max)


def _begin(column: Any) -> int:
    return int(column.dictionary_page_offset if column.has_dictionary_page else column.data_page_offset)
