"""The bar stores that keep the contract."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from actors.kernel.ports import BarStore
from actors.storage.memory import MemoryStore
from actors.storage.parquet import ParquetStore
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
