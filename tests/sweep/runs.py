"""A sweep in a process of its own, to be killed or to run out of disk; prints how far it is, and then every result.

``python -m tests.sweep.runs STORE RESULTS STRATEGY GRID [MOST_BYTES]``, the grid in JSON.
"""

import json
import resource
import sys
from typing import Any

import msgspec

from actors.sweep import sweep
from messages.errors import BarkeeperError
from tests.sweep import strategies
from tests.sweep.conftest import OPTIONS


def told(progress: Any) -> None:
    print(progress.done, flush=True)


def main() -> None:
    store, results, name, grid, *most = sys.argv[1:]
    if most:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(most[0]), resource.RLIM_INFINITY))
    try:
        found = sweep(
            getattr(strategies, name), store=store, results=results, workers=2, grid=json.loads(grid),
            warm_up={"1d": 3}, stretch=1, **{**OPTIONS, "progress": told},
        )  # fmt: skip
    except BarkeeperError as error:
        sys.exit(f"error: {error}")
    print(json.dumps([msgspec.to_builtins(one) for one in found]))


if __name__ == "__main__":
    main()
