"""The order of a file's rows: of two rows of one minute the newer one counts, and some files have the newest first."""

import msgspec
import numpy as np

from actors.reading.format import RawBars


def newest_last(block: RawBars) -> RawBars:
    """Return the rows of a block turned round where the newest are first, else the block itself."""
    steps = np.diff(block.start_ns)
    if np.count_nonzero(steps < 0) <= np.count_nonzero(steps > 0):
        return block
    return msgspec.structs.replace(
        block,
        symbol_index=block.symbol_index[::-1],
        start_ns=block.start_ns[::-1],
        values=np.ascontiguousarray(block.values[:, ::-1]),
        rows=block.rows[::-1],
    )
