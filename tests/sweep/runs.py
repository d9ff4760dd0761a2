"""A sweep in a process of its own, to be killed or to run out of disk; prints every result and how many workers.

``python -m tests.sweep.runs STORE RESULTS STRATEGY [MOST_BYTES]``.
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
    store, results, name, *most = sys.argv[1:]
    if most:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(most[0]), resource.RLIM_INFINITY))
    try:
        found = sweep(
            getattr(strategies, name), store=store, results=results, workers=2, grid={"length": [2, 3, 4]},
            warm_up={"1d": 3}, stretch=1, **{**OPTIONS, "progress": told},
        )  # fmt: skip
    except BarkeeperError as error:
        sys.exit(f"error: {error}")
    print(json.dumps([msgspec.to_builtins(one) for one in found]))


if __name__ == "__main__":
    main()
