"""Each test of the contract runs over every store."""

from collections.abc import Iterator

import pytest

from actors.kernel.ports import BarStore
from tests.contracts.stores import STORES, narrow_s3_store


@pytest.fixture(params=[*STORES, pytest.param(narrow_s3_store, marks=pytest.mark.slow)])
def store(request: pytest.FixtureRequest) -> Iterator[BarStore]:
    with request.param() as opened:
        yield opened
