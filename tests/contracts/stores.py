"""The bar stores that keep the contract."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from actors.kernel.ports import BarStore
from actors.storage.elsewhere.objects import ObjectStore
from actors.storage.memory import MemoryStore
from actors.storage.parquet import ParquetStore
from actors.storage.places import Places
from actors.storage.postgres.store import PostgresStore
from tests.object_server import new_bucket
from tests.postgres_server import address, new_schema
from tests.storage.days import all_regular, made_narrow


@contextmanager
def memory_store() -> Iterator[BarStore]:
    yield MemoryStore()


@contextmanager
def parquet_store() -> Iterator[BarStore]:
    with TemporaryDirectory() as folder:
        store = ParquetStore(Path(folder) / "store", segment_of=all_regular)
        yield store
        store.close()


@contextmanager
def narrow_store() -> Iterator[BarStore]:
    with TemporaryDirectory() as folder:
        store = ParquetStore(made_narrow(Path(folder) / "store"), segment_of=all_regular)
        yield store
        store.close()


@contextmanager
def postgres_store() -> Iterator[BarStore]:
    with new_schema() as schema:
        store = PostgresStore(address(schema), segment_of=all_regular)
        yield store
        store.close()


@contextmanager
def s3_store(kind: str = "s3") -> Iterator[ObjectStore]:
    with new_bucket(kind) as place:
        store = ObjectStore(place, segment_of=all_regular)
        yield store
        store.close()


@contextmanager
def azure_store() -> Iterator[BarStore]:
    with s3_store("az") as store:
        yield store


@contextmanager
def google_store() -> Iterator[BarStore]:
    with s3_store("gs") as store:
        yield store


@contextmanager
def narrow_s3_store() -> Iterator[BarStore]:
    with s3_store() as store:
        Places(store.root).make_narrow(narrow=True)
        yield store


STORES = (
    memory_store,
    parquet_store,
    narrow_store,
    pytest.param(postgres_store, marks=pytest.mark.slow),
    *(pytest.param(store, marks=pytest.mark.slow) for store in (s3_store, azure_store, google_store)),
)
"""All kinds of them; a server is slow to start."""
