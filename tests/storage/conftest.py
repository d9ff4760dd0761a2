"""What the tests of the stores share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.storage.parquet import ParquetStore
from tests.storage.days import all_regular


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ParquetStore]:
    opened = ParquetStore(tmp_path / "store", segment_of=all_regular)
    yield opened
    opened.close()
