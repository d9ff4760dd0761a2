"""Pictures of answers, drawn by matplotlib, which is imported when one is wanted: candles, heat maps, verdicts."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from messages.errors import SettingsError
from messages.tables.columns import Floats, Mask, Stamps, Verdicts
from messages.values import MINUTE_NS, Verdict, moment

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {
    Verdict.MISSING: "#dd2c44",
    Verdict.ABANDONED: "#7c1023",
    Verdict.NO_TRADE: "#d3d9e1",
    Verdict.FILLED: "#3f83ea",
    Verdict.STREAMED: "#9fd0b4",
    Verdict.LATE: "#eda93a",
    Verdict.CORRECTED: "#9a5fd0",
    Verdict.IN_PART: "#c4517f",
    Verdict.PENDING: "#edf0f4",
}
"""What stands for each verdict."""

_QUIET = "#2f8f62"
"""Bars that streamed in: what is worth a look has the colour of its verdict."""
_ORDER = ("streamed", "late", "filled", "corrected", "in_part", "no_trade", "abandoned", "missing")
_TICKS = 9
_DAY = 24 * 60
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360)
_NAMED = 40
_VOLUME = 0.22


def axes_or_new(axes: "Axes | None", size: tuple[float, float] = (10.0, 4.5)) -> "Axes":
    """Return the axes that were given, or those of a new figure of so many inches.

    Raises:
        SettingsError: matplotlib is not installed.
    """
    if axes is not None:
        return axes
    try:
        from matplotlib import pyplot as plt
    except ImportError as error:
        raise SettingsError(f"pictures need matplotlib: python -m pip install 'barkeeper[plot]' ({error})") from error
    made: Axes = plt.subplots(figsize=size, layout="constrained")[1]
    return made


def candles(
    axes: "Axes", values: Floats, start_ns: Stamps, verdicts: Verdicts, forming: Mask, tz: str, title: str
) -> None:
    """Draw bars side by side, a hollow one where the price rose, in the colours of their verdicts; and their volumes.

    Args:
        axes: where.
        values: open, high, low, close, volume, by the bar.
        start_ns: the start of each.
        verdicts: of each.
        forming: whether it is still forming: then it is pale.
        tz: the zone of the times.
        title: above it.
    """
    opens, highs, lows, closes, volumes = values[:5]
    places = np.arange(len(start_ns))
    inks = [_QUIET if verdict == Verdict.STREAMED else COLOURS[Verdict(verdict)] for verdict in verdicts.tolist()]
    pale = [0.45 if is_so else 1.0 for is_so in forming.tolist()]
    axes.vlines(places, lows, highs, colors=inks, linewidth=0.8, alpha=pale or None)
    fills = [axes.get_facecolor() if up else ink for up, ink in zip((closes >= opens).tolist(), inks, strict=True)]
    spans = np.abs(closes - opens)
    axes.bar(places, spans, 0.7, np.minimum(opens, closes), color=fills, edgecolor=inks, linewidth=0.8, zorder=3)
    if len(places):
        low, high = float(np.nanmin(lows)), float(np.nanmax(highs))
        room = (high - low or abs(high) * 0.001 or 1.0) * 0.06
        axes.set_ylim(low - room - (high - low + 2 * room) * _VOLUME / (1 - _VOLUME), high + room)
        most = float(np.nanmax(volumes)) or 1.0
        below = axes.inset_axes((0.0, 0.0, 1.0, _VOLUME), sharex=axes)
        below.bar(places, volumes / most, 0.7, color=inks, alpha=0.5)
        below.set_axis_off()
    _times(axes, start_ns, tz)
    _quiet(axes, title)
    axes.yaxis.tick_right()
    axes.grid(visible=True, axis="y", color="#e4e8ed", linewidth=0.7)
    axes.set_axisbelow(True)


def heat_map(axes: "Axes", verdicts: Verdicts, start_ns: Stamps, symbols: Sequence[str], tz: str, title: str) -> None:
    """Draw minutes x symbols, a colour for each verdict, with what the colours mean.

    Args:
        axes: where.
        verdicts: minutes x symbols.
        start_ns: the start of each minute.
        symbols: whose columns they are; their names stand beside them where they are few.
        tz: the zone of the times.
        title: above it.
    """
    from matplotlib.colors import BoundaryNorm, ListedColormap
    from matplotlib.patches import Patch

    colours = ListedColormap([COLOURS[verdict] for verdict in Verdict])
    steps = BoundaryNorm(np.arange(-0.5, len(Verdict)), len(Verdict))
    axes.imshow(verdicts.T, cmap=colours, norm=steps, aspect="auto", interpolation="nearest")
    few = len(symbols) <= _NAMED
    axes.set_yticks(range(len(symbols)) if few else [], list(symbols) if few else [], fontsize=7)
    there = [verdict for verdict in Verdict if (verdicts == verdict).any()]
    handles = [Patch(facecolor=COLOURS[verdict], edgecolor="#b9c2cc", label=_word(verdict.name)) for verdict in there]
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=8)
    _times(axes, start_ns, tz)
    _quiet(axes, title)


def stacked(axes: "Axes", names: Sequence[str], counts: Sequence[Mapping[str, int]], title: str) -> None:
    """Draw a row for each name, of which the parts are its minutes by verdict.

    Args:
        axes: where.
        names: from the top down.
        counts: of each name by verdict, in lower case.
        title: above it.
    """
    rows = np.arange(len(names))
    left = np.zeros(len(names))
    for verdict in _ORDER:
        widths = np.array([each.get(verdict, 0) for each in counts], dtype=np.float64)
        if widths.any():
            colour = COLOURS[Verdict[verdict.upper()]]
            axes.barh(rows, widths, 0.8, left, color=colour, label=f"{_word(verdict)} {int(widths.sum()):,}")
            left += widths
    axes.set_yticks(rows, list(names), fontsize=8)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlabel("minutes", fontsize=8)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=8)
    _quiet(axes, title)


def _times(axes: "Axes", start_ns: Stamps, tz: str) -> None:
    """Name a few places: of one day by round clock times, of several by the days' first."""
    if not len(start_ns):
        return
    offset = moment(int(start_ns[0]), tz).utcoffset()
    assert offset is not None, "a zone has an offset"
    minutes = start_ns // MINUTE_NS + int(offset.total_seconds()) // 60
    days = np.flatnonzero(np.diff(minutes // _DAY, prepend=-1))
    if len(days) > 1:
        places, form = days[:: -(-len(days) // _TICKS)], "%d %b %Y"
    else:
        steps = (np.flatnonzero((minutes % step == 0) & (start_ns % MINUTE_NS == 0)) for step in _STEPS)
        places, form = next((each for each in steps if len(each) <= _TICKS), days), "%H:%M"
    words = [f"{moment(int(start_ns[place]), tz):{form}}" for place in places.tolist()]
    axes.set_xticks(places, words, fontsize=8)
    axes.set_xlim(-0.6, len(start_ns) - 0.4)


def _quiet(axes: "Axes", title: str) -> None:
    axes.set_title(title, loc="left", fontsize=10)
    axes.tick_params(length=2, labelsize=8)
    for side in axes.spines.values():
        side.set_color("#d5dbe2")


def _word(verdict: str) -> str:
    return verdict.lower().replace("_", " ")
