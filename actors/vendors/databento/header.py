"""What the first bytes of a DBN file say: dataset, schema and span, without Databento's library and its symbology."""

import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from actors.reading.peek import told_as_data_errors, unpacked
from messages.errors import DataError
from messages.tables.columns import Mask, Stamps
from messages.values import MINUTE_NS

_FIXED = struct.Struct("<3sBI16sHQQ")
_SCHEMAS = {4: "trades", 5: "ohlcv-1s", 6: "ohlcv-1m"}
_MAGIC = b"DBN"
_LAST = 2**63 - 1


class DbnHeader(msgspec.Struct, frozen=True, kw_only=True):
    """The beginning of a file's metadata: what was asked for."""

    dataset: str
    schema: str
    """Empty where it is none that is imported."""
    start_ns: int
    end_ns: int
    """Exclusive; the highest number where it is open."""

    def covers(self, at_ns: Stamps) -> Mask:
        """Return which instants lie within the span, or in the minute that it begins in."""
        found: Mask = (at_ns + MINUTE_NS > self.start_ns) & (at_ns < min(self.end_ns, _LAST))
        return found

    def overlaps(self, other: "DbnHeader") -> bool:
        """Return whether both are of one dataset and share some of their time."""
        share_time = self.start_ns < other.end_ns and other.start_ns < self.end_ns
        return share_time and self.dataset == other.dataset


def of(path: Path) -> DbnHeader:
    """Return a file's header.

    Raises:
        DataError: it cannot be opened, or is no DBN file.
    """
    with told_as_data_errors(), unpacked(path) as stream:
        raw = stream.read(_FIXED.size)
    if len(raw) < _FIXED.size or not raw.startswith(_MAGIC):
        raise DataError("no DBN file")
    _, _, _, dataset, schema, start_ns, end_ns = _FIXED.unpack(raw)
    name = dataset.rstrip(b"\0").decode("ascii", errors="replace")
    return DbnHeader(dataset=name, schema=_SCHEMAS.get(schema, ""), start_ns=start_ns, end_ns=end_ns)


def beside(path: Path, own: DbnHeader, schema: str) -> Iterator[Path]:
    """Yield the files of a schema in the same folder that share dataset and time with this one, nearest name first."""
    ideal = path.name.replace(own.schema, schema)
    for other in sorted(path.parent.glob("*.dbn*"), key=lambda found: (found.name != ideal, found.name)):
        with suppress(DataError):
            header = of(other)
            if header.schema == schema and header.overlaps(own):
                yield other
