"""A sweep in a process of its own, to be killed or to run out of disk; prints how far it is, and then every result.

``python -m tests.sweep.runs STORE RESULTS STRATEGY GRID [--most BYTES] [--cluster ADDRESS]``, the grid in JSON.
"""

import argparse
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
    parser = argparse.ArgumentParser()
    for name in ("store", "results", "strategy", "grid"):
        parser.add_argument(name)
    parser.add_argument("--most", type=int)
    parser.add_argument("--cluster")
    wanted = parser.parse_args()
    if wanted.cluster and wanted.cluster.startswith("ray:"):
        connect(wanted.cluster.removeprefix("ray:"))
    if wanted.most:
        resource.setrlimit(resource.RLIMIT_FSIZE, (wanted.most, resource.RLIM_INFINITY))
    try:
        found = sweep(
            getattr(strategies, wanted.strategy), store=wanted.store, results=wanted.results, workers=2,
            cluster=wanted.cluster, grid=json.loads(wanted.grid), warm_up={"1d": 3}, stretch=1,
            **{**OPTIONS, "progress": told},
        )  # fmt: skip
    except BarkeeperError as error:
        sys.exit(f"error: {error}")
    print(json.dumps([msgspec.to_builtins(one) for one in found]))


def connect(address: str) -> None:
    """Be in touch with a cluster of Ray before files may not grow any more: it keeps records of its own."""
    import ray

    ray.init(address=address, log_to_driver=False, configure_logging=False)


if __name__ == "__main__":
    main()
