"""Small files in vendors' formats, and reading them."""

import zipfile
from pathlib import Path

import numpy as np

from actors.reading.format import Format, Hints, RawBars
from actors.reading.peek import Head
from actors.vendors.formats import detect
from messages.values import moment

HEADER = "timestamp,open,high,low,close,volume\n"


def written(path: Path, text: str | bytes) -> Path:
    """Write a file and its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def zipped(path: Path, members: dict[str, str]) -> Path:
    """Write a zip and its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def blocks(path: Path, fmt: Format | None = None, /, **hints: object) -> list[RawBars]:
    """Read a file in a format, or in the one that is detected."""
    fmt = fmt or detect(Head(path))
    return list(fmt.read(fmt, path, Hints(**hints)))


def only(path: Path, fmt: Format | None = None, /, **hints: object) -> RawBars:
    """Read a file that is one block."""
    (block,) = blocks(path, fmt, **hints)
    return block


def times(raw: RawBars, zone: str = "UTC") -> list[str]:
    """Return the bars' starts as text."""
    return [f"{moment(start, zone):%Y-%m-%d %H:%M}" for start in raw.start_ns.tolist()]


def close(raw: RawBars) -> list[float]:
    """Return the closes."""
    return raw.values[3].tolist()


def bars(raw: RawBars) -> list[list[float]]:
    """Return each bar's open, high, low, close, volume and what else there is."""
    return raw.values.T.tolist()


def names(raw: RawBars) -> list[str]:
    """Return each bar's symbol."""
    return [raw.symbols[index] for index in raw.symbol_index.tolist()]


def row(stamp: str, price: float = 10.0, delimiter: str = ",", volume: object = 100) -> str:
    """Return a line: open, high, low and close around a price."""
    cells = (stamp, price, price + 1, price - 1, price + 0.5, volume)
    return delimiter.join(str(cell) for cell in cells) + "\n"


def same(left: np.ndarray, right: np.ndarray) -> bool:
    """Compare arrays, NaN equal to NaN."""
    return bool(np.array_equal(left, right, equal_nan=True))
