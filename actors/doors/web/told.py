"""What the page is told, as JSON: instants are milliseconds since the epoch, planes are bytes as base64."""

import base64
import math

import msgspec
import numpy as np
import numpy.typing as npt

from actors.doors.show import figures
from messages.tables.windows import BarWindow, VerdictPlane
from messages.values import Nanos, SegmentKind, TradingSession

_MS = 1_000_000


def ms(instant_ns: Nanos) -> int:
    """Return an instant in milliseconds."""
    return instant_ns // _MS


def packed(plane: npt.NDArray[np.uint8]) -> str:
    """Return bytes, row by row, as base64."""
    return base64.b64encode(np.ascontiguousarray(plane).tobytes()).decode("ascii")


class SegmentTold(msgspec.Struct, frozen=True, kw_only=True):
    """Part of a session."""

    kind: str
    start: int
    end: int


class PlaneTold(msgspec.Struct, frozen=True, kw_only=True):
    """Every minute of every symbol of a session, and what is known of it."""

    calendar: str
    date: str
    tz: str
    zone: str
    """What the zone is called that day: ``EDT``."""
    interval: int
    """The length of a minute, in seconds: 60 unless base bars are shorter."""
    segments: list[SegmentTold]
    symbols: tuple[str, ...]
    starts: list[int]
    """The start of each minute."""
    closed: int
    """Minutes ``[0, closed)`` are closed."""
    now: int
    """The clock when this was told; of a stored day its end."""
    verdicts: str
    """Numbers of ``Verdict``, minutes x symbols."""


class CellsTold(msgspec.Struct, frozen=True, kw_only=True):
    """What has changed in a plane."""

    closed: int
    now: int
    columns: list[tuple[int, str]]
    """Minutes of which much has changed: place, and its verdicts by symbol."""
    cells: list[tuple[int, int, int]]
    """Minute, symbol, verdict."""


class BarsTold(msgspec.Struct, frozen=True, kw_only=True):
    """Bars of one symbol by the column, in order of time."""

    symbol: str
    interval: str
    tz: str
    start: list[int]
    end: list[int]
    open: list[float | None]
    high: list[float | None]
    low: list[float | None]
    close: list[float | None]
    volume: list[float | None]
    verdict: list[int]
    forming: list[bool]
    complete: list[bool]


def plane_told(plane: VerdictPlane) -> PlaneTold:
    """Return a plane in the page's words."""
    session = plane.session
    return PlaneTold(
        calendar=session.calendar,
        date=session.date,
        tz=session.tz,
        zone=figures.zone(session.start_ns, session.tz),
        interval=session.base_interval.seconds,
        segments=_segments(session),
        symbols=plane.symbols,
        starts=(plane.start_ns // _MS).tolist(),
        closed=plane.closed,
        now=ms(plane.now_ns),
        verdicts=packed(plane.verdicts),
    )


def _segments(session: TradingSession) -> list[SegmentTold]:
    return [
        SegmentTold(kind=SegmentKind(part.kind).name.lower(), start=ms(part.start_ns), end=ms(part.end_ns))
        for part in session.segments
    ]


def bars_told(symbol: str, interval: str, *windows: BarWindow) -> BarsTold:
    """Return windows of one symbol, one after the other, in the page's words."""
    columns: dict[str, list[float | None]] = {
        name: [value for window in windows for value in _numbers(getattr(window, name))]
        for name in ("open", "high", "low", "close", "volume")
    }
    return BarsTold(
        symbol=symbol,
        interval=interval,
        tz=windows[-1].tz,
        start=[start for window in windows for start in (window.start_ns // _MS).tolist()],
        end=[end for window in windows for end in (window.end_ns // _MS).tolist()],
        verdict=[verdict for window in windows for verdict in window.verdicts.tolist()],
        forming=[is_so for window in windows for is_so in window.forming.tolist()],
        complete=[is_so for window in windows for is_so in window.is_complete.tolist()],
        **columns,
    )


def _numbers(column: npt.NDArray[np.float64]) -> list[float | None]:
    return [None if math.isnan(value) else value for value in column.tolist()]
