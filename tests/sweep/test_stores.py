"""A sweep over a store that lies elsewhere: workers open it by its address."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from actors.storage.elsewhere.opening import open_store
from actors.sweep import sweep
from messages.errors import SettingsError
from tests.object_server import new_bucket
from tests.sweep import strategies
from tests.sweep.conftest import OPTIONS
from tests.system.worlds import fill

WANTED: dict[str, Any] = {
    "grid": {"length": [2, 3]},
    "warm_up": {"1d": 3},
    "last": 3,
    "symbols": ("BAB", "PAB"),
    **OPTIONS,
}


@pytest.mark.slow
def test_a_store_in_a_bucket_gives_what_a_folder_gives(store: Path, tmp_path: Path) -> None:
    with new_bucket() as address:
        with closing(open_store(address)) as files:
            fill(files, sessions=6, symbols=2, quiet=0.3)

        here = sweep(strategies.watch, store=store, workers=1, **WANTED)
        there = sweep(strategies.watch, store=address, workers=2, results=tmp_path, **WANTED)

        assert list(there) == list(here)
        with closing(open_store(address)) as files:
            fill(files, sessions=6, symbols=3, quiet=0.3)
        with pytest.raises(SettingsError, match="it had another store, or its days have changed"):
            sweep(strategies.watch, store=address, workers=2, results=tmp_path, **WANTED)
