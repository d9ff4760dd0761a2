"""Massive's flat files in its S3 store: a file a day, with the minutes of every US stock.

https://massive.com/docs/flat-files/quickstart: the store is files.massive.com, its bucket ``flatfiles``, and a day is
in it by about 11:00 in New York on the next. https://massive.com/knowledge-base/article/how-to-get-started-with-s3:
its keys are others than the API's, and a refusal (403) does not say why. Imported only when it is opened.
"""

import shutil
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from pyarrow.fs import AwsStandardS3RetryStrategy, FileSystem, S3FileSystem

from actors.reading.format import Hints, RawBars
from actors.vendors.history.pages import HistoryRefused, NoAnswer, NotOutYet, Page
from actors.vendors.massive.files import MASSIVE
from actors.vendors.massive.keys import MassiveFilesKeys
from actors.vendors.secrets import without_keys
from messages.errors import DataError
from messages.tables.columns import EXTRA_FIELDS, FIELDS, BarBatch, freeze
from messages.values import ONE_MINUTE

PLACE = "https://files.massive.com"
_FOLDER = "flatfiles/us_stocks_sip/minute_aggs_v1"
_BLOCK_BYTES = 8 << 20
_DAYS_KEPT = 2
_DAY_S = 24 * 3600.0
_LOOK_AGAIN_S = 1800.0
_SHOWN = 200


def s3_store(keys: MassiveFilesKeys, *, deadline_s: float = 20.0, place: str | None = None) -> S3FileSystem:
    """Return Massive's store of files.

    Args:
        keys: see ``MassiveFilesKeys.find``.
        deadline_s: after so long without a byte a request has failed.
        place: another address in place of Massive's.
    """
    parts = urlsplit(place or PLACE)
    return S3FileSystem(
        access_key=keys.key,
        secret_key=keys.secret,
        endpoint_override=parts.netloc,
        scheme=parts.scheme,
        region="us-east-1",
        connect_timeout=5.0,
        request_timeout=deadline_s,
        retry_strategy=AwsStandardS3RetryStrategy(max_attempts=1),  # who asks asks again
    )


class FlatFiles:
    """Whole days of the market. A day is read once for all who ask for it, and the last few are held.

    Args:
        store: where the bucket is.
        secret: which must stand in no error.
        now_s: seconds that never go back.
    """

    def __init__(self, store: FileSystem, secret: str = "", now_s: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._secret = secret
        self._now_s = now_s
        self._held: OrderedDict[str, Page] = OrderedDict()
        self._absent: dict[str, tuple[float, DataError]] = {}
        self._has_given = False
        self._lock = threading.Lock()

    def day(self, date: str) -> Page:
        """Return all bars of a day, of all its hours.

        Raises:
            NotOutYet: it is not there, or not for this account.
            HistoryRefused: nothing was ever there for this account.
            NoAnswer: it could not be read this time.
        """
        with self._lock:
            since_s, why = self._absent.get(date, (0.0, None))
            if why is not None and self._now_s() < since_s + _LOOK_AGAIN_S:
                raise why
            if date not in self._held:
                self._held[date] = self._read(date)
            self._held.move_to_end(date)
            while len(self._held) > _DAYS_KEPT:
                self._held.popitem(last=False)
            return self._held[date]

    def _read(self, date: str) -> Page:
        path = f"{_FOLDER}/{date[:4]}/{date[5:7]}/{date}.csv.gz"
        with tempfile.TemporaryDirectory(prefix="barkeeper-") as folder:
            file = Path(folder) / f"{date}.csv.gz"
            try:
                with self._store.open_input_file(path) as there, file.open("wb") as here:
                    shutil.copyfileobj(there, here, _BLOCK_BYTES)
            except FileNotFoundError as error:
                raise self._gone(date, NotOutYet(f"Massive has no flat file of {date}", _DAY_S)) from error
            except OSError as error:
                if "ACCESS_DENIED" not in str(error):
                    raise NoAnswer(f"Massive's flat file of {date}: {self._shown(error)}") from error
                said = f"Massive refuses the flat file of {date}: the plan does not have it, or it is not out yet"
                if self._has_given:
                    raise self._gone(date, NotOutYet(said, _DAY_S)) from error
                raise self._gone(date, HistoryRefused(f"{said}, or the keys to its files are wrong")) from error
            self._has_given = True
            try:
                return _page(list(MASSIVE.read(MASSIVE, file, Hints())))
            except DataError as error:
                raise NoAnswer(f"Massive's flat file of {date} cannot be read: {self._shown(error)}") from error

    def _gone(self, date: str, why: DataError) -> DataError:
        self._absent[date] = self._now_s(), why
        return why

    def _shown(self, error: Exception) -> str:
        said = " ".join(str(error).split())
        said = said.partition("AWS Error ")[2] or said  # before it stands the path
        return without_keys(said[:_SHOWN], self._secret)


def _page(blocks: list[RawBars]) -> Page:
    """Return blocks of a file as one page; its rows are in the order of the file."""
    symbols = tuple(sorted({symbol for block in blocks for symbol in block.symbols}))
    place = {symbol: number for number, symbol in enumerate(symbols)}
    count = sum(len(block.start_ns) for block in blocks)
    index, starts = np.empty(count, dtype=np.int32), np.empty(count, dtype=np.int64)
    values = np.full((len(FIELDS) + len(EXTRA_FIELDS), count), np.nan)
    first = 0
    for block in blocks:
        rows = slice(first, first + len(block.start_ns))
        index[rows] = np.array([place[symbol] for symbol in block.symbols], dtype=np.int32)[block.symbol_index]
        starts[rows] = block.start_ns
        values[: len(block.values), rows] = block.values
        first = rows.stop
    bars = BarBatch(
        symbols=symbols,
        symbol_index=freeze(index),
        start_ns=freeze(starts),
        values=freeze(values),
        interval=ONE_MINUTE,
    )
    return Page(bars=bars, unread=sum(block.broken.count for block in blocks))
