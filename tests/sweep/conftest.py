"""A small store on disk, of sessions of a quarter of an hour, that workers can open too."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from actors.storage.parquet import ParquetStore
from tests.system.worlds import DATES, QUARTER, fill

OPTIONS: dict[str, Any] = {"closed": QUARTER, "intervals": ("5m", "1d"), "progress": False}


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sweep") / "store"
    with closing(ParquetStore(root)) as files:
        fill(files, sessions=6, symbols=2, quiet=0.3)
    return root


@pytest.fixture
def endless(tmp_path: Path) -> dict[str, Any]:
    """A grid of which no set comes to an end before the file is there that it names."""
    return {"length": [2, 3], "may": [str(tmp_path / "may")], "last": [DATES[5]]}
