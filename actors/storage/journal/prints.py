"""How a day was lived, beside its bars: a Parquet file with a row each time that something became known.

Its columns are ``symbol``, ``start``, ``known`` (when, UTC), ``verdict``, the five fields and ``vwap`` and ``trades``,
in the order of ``known``. The key ``barkeeper.digest`` of its metadata is that of all its rows.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from actors.market.planes import with_fields
from actors.reading.raw.cells import cells_of, column_of, named_column
from actors.storage.atomic import exists, patiently, replacing
from actors.storage.barfile import ALL, source_of
from messages.errors import UNREADABLE, DataError
from messages.tables.columns import FIELDS, VERDICT_WORDS, Mask, Prints, freeze
from messages.values import Interval, Nanos

_VERSION = "1"
_KEY = b"barkeeper."


class _Header(msgspec.Struct, frozen=True, kw_only=True):
    """What the keys of the metadata say, as text."""

    version: str
    calendar: str
    date: str
    interval: str
    symbols: str
    members: str
    grace_ns: str
    fields: str
    digest: str


def digest_of(prints: Prints) -> str:
    """Return a digest of how a day was lived: every row, in order, and who was there at the opening."""
    names = [str(prints.interval), str(prints.grace_ns), *prints.symbols, "", *prints.members]
    total = hashlib.sha256("\n".join(names).encode())
    for column in (prints.symbol_index, prints.start_ns, prints.known_ns, prints.verdicts):
        total.update(np.ascontiguousarray(column).data)
    for row in prints.values:
        total.update(np.where(np.isnan(row), np.nan, row).data)
    return total.hexdigest()[:32]


def continued(old: Prints | None, new: Prints) -> Prints:
    """Return what an earlier run of a day knew, and what this one came to know beyond it: first prints stay first."""
    if old is None or not len(old) or _goes_on(old, new):
        return new
    symbols = tuple(sorted({*old.symbols, *new.symbols}))
    place = {symbol: number for number, symbol in enumerate(symbols)}
    numbers = [
        np.array([place[symbol] for symbol in one.symbols], dtype=np.int32)[one.symbol_index] for one in (old, new)
    ]
    fields = max(len(old.values), len(new.values))
    index, is_new = np.concatenate(numbers), np.repeat([False, True], [len(old), len(new)])
    start, known = (np.concatenate([getattr(old, name), getattr(new, name)]) for name in ("start_ns", "known_ns"))
    verdicts = np.concatenate([old.verdicts, new.verdicts])
    values = np.concatenate([with_fields(old.values, fields), with_fields(new.values, fields)], axis=1)
    # By cell and time: what a later run says again of a cell is no news.
    order = np.lexsort((is_new, known, start, index))
    same = (index[order][1:] == index[order][:-1]) & (start[order][1:] == start[order][:-1])
    same &= verdicts[order][1:] == verdicts[order][:-1]
    left, right = values[:, order[1:]], values[:, order[:-1]]
    same &= ((left == right) | (np.isnan(left) & np.isnan(right))).all(axis=0)
    kept = np.sort(order[np.concatenate([[True], ~same])])
    kept = kept[np.argsort(known[kept], kind="stable")]
    return msgspec.structs.replace(
        new,
        symbols=symbols,
        symbol_index=freeze(index[kept]),
        start_ns=freeze(start[kept]),
        known_ns=freeze(known[kept]),
        verdicts=freeze(verdicts[kept]),
        values=freeze(np.ascontiguousarray(values[:, kept])),
        members=old.members or new.members,
    )


def _goes_on(old: Prints, new: Prints) -> bool:
    """Return whether the new ones begin with the old ones, as they do from one write of a day to the next."""
    count = len(old)
    return (
        count <= len(new)
        and old.symbols == new.symbols
        and old.members == new.members
        and all(
            np.array_equal(getattr(old, name), getattr(new, name)[:count])
            for name in ("symbol_index", "start_ns", "known_ns", "verdicts")
        )
        and np.array_equal(old.values[: len(FIELDS)], new.values[: len(FIELDS), :count], equal_nan=True)
    )


def write_prints(path: Path, calendar: str, date: str, prints: Prints) -> None:
    """Write how a day was lived: after a crash at any moment there is either the old file or the new one, whole.

    Raises:
        OSError: the folder or the disk refuses; an old file is as it was.
    """
    import pyarrow as pa  # 0.2 s that only those who read or write shall pay
    import pyarrow.parquet as pq

    header = _Header(
        version=_VERSION,
        calendar=calendar,
        date=date,
        interval=str(prints.interval),
        symbols=msgspec.json.encode(prints.symbols).decode(),
        members=msgspec.json.encode(prints.members).decode(),
        grace_ns=str(prints.grace_ns),
        fields=str(len(prints.values)),
        digest=digest_of(prints),
    )
    instants = pa.timestamp("ns", "UTC")
    columns = {
        "symbol": named_column(prints.symbol_index, prints.symbols),
        "start": column_of(prints.start_ns, instants),
        "known": column_of(prints.known_ns, instants),
        "verdict": named_column(prints.verdicts, VERDICT_WORDS),
        **{name: column_of(row, pa.float64(), may_lack=True) for name, row in zip(ALL, prints.values, strict=False)},
    }
    repeating: Any = ["symbol", "verdict", "start", *FIELDS[:4]]  # pyarrow declares bools, and documents lists too
    said = {_KEY + key.encode(): text for key, text in msgspec.structs.asdict(header).items()}
    table = pa.table(columns).replace_schema_metadata(said)
    with replacing(path) as sink:
        pq.write_table(
            table,
            sink,
            compression="zstd",
            write_statistics=False,
            write_page_checksum=True,
            use_dictionary=repeating,
            column_encoding={"known": "DELTA_BINARY_PACKED"},
        )


def read_prints(path: Path, calendar: str, date: str) -> Prints | None:
    """Return how a day was lived, or ``None`` where there is no file.

    Raises:
        DataError: the file is damaged, or not what is expected there; names it.
    """
    if not exists(path):
        return None
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        raw = patiently(path.read_bytes)
        # Read in this thread: Arrow's own would cost more than they save.
        table = pq.read_table(
            pa.BufferReader(raw), use_threads=False, page_checksum_verification=True, pre_buffer=False
        )
        header = _header_of(table.schema.metadata or {})
        prints = _prints_of(table, header)
    except FileNotFoundError:
        return None
    except (pa.ArrowException, *UNREADABLE, OSError, ValueError, KeyError, IndexError) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{path} cannot be read: expected how {calendar} was lived on {date}, but: {said}") from error
    if (header.version, header.calendar, header.date) != (_VERSION, calendar, date):
        raise DataError(
            f"{path}: expected version {_VERSION} of how {calendar} was lived on {date}, "
            f"found {header.version} of {header.calendar} on {header.date}"
        )
    if digest_of(prints) != header.digest:
        raise DataError(f"{path} is not what was written: its rows do not have the digest {header.digest}")
    return prints


def read_grace(path: Path) -> Nanos | None:
    """Return how long minutes stayed open on a day that was lived; ``None``: there is no file, or it does not say."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with source_of(path) as source:
            return int(_header_of(pq.read_schema(source).metadata or {}).grace_ns)
    except (pa.ArrowException, *UNREADABLE, OSError, ValueError):
        return None  # who plays the day will say what is wrong with it


def _header_of(metadata: Mapping[bytes, bytes]) -> _Header:
    found = {key.removeprefix(_KEY).decode(): text.decode() for key, text in metadata.items() if key.startswith(_KEY)}
    return msgspec.convert(found, _Header)


def _prints_of(table: Any, header: _Header) -> Prints:
    symbols = tuple(msgspec.json.decode(header.symbols, type=list[str]))
    fields = int(header.fields)
    if fields not in (len(FIELDS), len(ALL)):
        raise ValueError(f"{fields} fields")
    known = cells_of(table.column("known"), np.int64)
    is_in_order: Mask = known[1:] >= known[:-1]
    if not bool(is_in_order.all()):
        raise ValueError("its rows are not in the order in which they became known")
    return Prints(
        symbols=symbols,
        symbol_index=freeze(_numbers(table.column("symbol"), symbols).astype(np.int32)),
        start_ns=freeze(cells_of(table.column("start"), np.int64)),
        known_ns=freeze(known),
        verdicts=freeze(_numbers(table.column("verdict"), VERDICT_WORDS).astype(np.uint8)),
        values=freeze(np.array([cells_of(table.column(name), np.float64) for name in ALL[:fields]])),
        members=tuple(msgspec.json.decode(header.members, type=list[str])),
        grace_ns=int(header.grace_ns),
        interval=Interval.parse(header.interval),
    )


def _numbers(column: Any, names: tuple[str, ...]) -> Any:
    """Return for each cell of a column of names the number of its name."""
    place = {name: number for number, name in enumerate(names)}
    parts = [np.zeros(0, dtype=np.int64)]
    for chunk in column.chunks:
        coded = chunk if hasattr(chunk, "dictionary") else chunk.dictionary_encode()
        table = np.array([place[name] for name in coded.dictionary.to_pylist()], dtype=np.int64)
        parts.append(table[np.asarray(coded.indices)] if len(coded) else parts[0])
    return np.concatenate(parts)
