"""What a store holds as one picture: a calendar of quality, and of one day the heat map and candles."""

import io
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from actors.reading.spelling.addresses import Place
from actors.store import Store
from messages.errors import SettingsError
from messages.tables import pictures
from messages.values import FIRST_WITH_BAR, Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_KINDS = ("png", "svg", "html")
_HEAD = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Barkeeper</title>'
    "<style>svg { height: auto; max-width: 100% }</style></head><body>"
)
"""Of a page with the picture, which is no wider than the screen."""
_INTERVAL = "5m"
_WEEK, _FRIDAY = 7, 4
_MOST_MONTHS = 12
"""So many names of months have room in a row."""
_ROW_IN, _HIGHEST_IN = 0.3, 5.2
"""Inches for a symbol's minutes, and for those of all together."""
_LOW = 95.0
"""Days of this quality or less look the same."""


def save(store: Place, calendar: str, symbols: Sequence[str], to: Path, dates: Collection[str]) -> str:
    """Draw the days of a calendar, and the latest of them: symbols x minutes, and the candles of one symbol.

    Args:
        store: where it is.
        calendar: whose days.
        symbols: of these only, as they are stored; none named: all. The first one's candles are drawn.
        to: a file, whose ending says what it is: .png, .svg or .html.
        dates: of these days only.

    Returns:
        What it shows, in a sentence.

    Raises:
        SettingsError: it can be no such file, or matplotlib is not installed.
        DataError: a day cannot be read.
    """
    kind = to.suffix.lower().removeprefix(".")
    if kind not in _KINDS:
        raise SettingsError(f"--plot {to}: a picture is a .png, .svg or .html")
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
        from matplotlib.layout_engine import ConstrainedLayoutEngine
    except ImportError as error:
        raise SettingsError(f"pictures need matplotlib: python -m pip install 'barkeeper[plot]' ({error})") from error
    with Store(store, calendar) as files:
        days = _qualities(files, symbols, dates)
        latest = max(days)
        plane = files.verdicts(latest, tuple(symbols) or None)
        heights = (2.4, min(1.0 + _ROW_IN * len(plane.symbols), _HIGHEST_IN), 4.0)
        figure = Figure(figsize=(12.0, sum(heights)), layout=ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.12))
        FigureCanvasAgg(figure)
        above, middle, below = figure.subplots(3, 1, height_ratios=heights)
        _calendar(above, days, calendar)
        plane.plot(middle)
        of = plane.symbols[0] if len(plane.symbols) == 1 else f"{len(plane.symbols):,} symbols"
        middle.set_title(f"{calendar} {latest}: every minute of {of}", loc="left", fontsize=10)
        symbol = symbols[0] if symbols else plane.symbols[0]
        files.bars(symbol, latest, latest, _INTERVAL).plot(below)
    _write(figure, to, kind)
    return f"{_days(days)} of {calendar}, the minutes of {latest}, and candles of {symbol}: {to}"


def _qualities(store: Store, symbols: Sequence[str], dates: Collection[str]) -> dict[str, float]:
    """Return the quality of each of some days that has any of the symbols, in percent, ascending."""
    found: dict[str, float] = {}
    for day in sorted(dates):
        certificate = None if symbols else store.certificate(day)
        if certificate is not None and certificate.bar_quality is not None:
            found[day] = certificate.bar_quality
            continue
        there = [symbol for symbol in symbols if symbol in store.symbols(day)]
        if symbols and not there:
            continue
        plane = store.verdicts(day, there or None).verdicts
        known = ((plane >= FIRST_WITH_BAR) & (plane != Verdict.IN_PART)) | (plane == Verdict.NO_TRADE)
        if plane.size:
            found[day] = 100.0 * float(known.mean())
    return found


def _calendar(axes: "Axes", days: dict[str, float], calendar: str) -> None:
    """Draw a column a week and a row a weekday, coloured by quality."""
    from matplotlib.colors import LinearSegmentedColormap

    first, last = date.fromisoformat(min(days)), date.fromisoformat(max(days))
    monday = first - timedelta(days=first.weekday())
    weeks = (last - monday).days // _WEEK + 1
    used = _WEEK if any(date.fromisoformat(day).weekday() > _FRIDAY for day in days) else _FRIDAY + 1
    plane = np.full((used, max(weeks, 12)), np.nan)
    for day, quality in days.items():
        place = (date.fromisoformat(day) - monday).days
        plane[place % _WEEK, place // _WEEK] = quality
    shades = LinearSegmentedColormap.from_list(
        "quality", [pictures.COLOURS[v] for v in (Verdict.ABANDONED, Verdict.MISSING, Verdict.LATE, Verdict.STREAMED)]
    )
    drawn = axes.imshow(plane, cmap=shades, vmin=_LOW, vmax=100.0, aspect="auto", interpolation="nearest")
    axes.set_yticks(range(used), ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][:used], fontsize=8)
    begins = {(monday + timedelta(weeks=week)).strftime("%b %Y"): week for week in reversed(range(weeks))}
    months = [*begins.items()][::-1][:: -(-len(begins) // _MOST_MONTHS)]
    axes.set_xticks([week for _, week in months], [name for name, _ in months], fontsize=8)
    axes.set_xticks(np.arange(-0.5, plane.shape[1]), minor=True)
    axes.set_yticks(np.arange(-0.5, used), minor=True)
    axes.grid(visible=True, which="minor", color="white", linewidth=min(1.5, 100.0 / plane.shape[1]))
    axes.tick_params(which="both", length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_title(f"{calendar}: quality of {_days(days)}, percent", loc="left", fontsize=10)
    axes.figure.colorbar(drawn, ax=axes, pad=0.01, aspect=12).ax.tick_params(labelsize=8)


def _days(days: dict[str, float]) -> str:
    return "1 day" if len(days) == 1 else f"{len(days):,} days"


def _write(figure: "Figure", to: Path, kind: str) -> None:
    import matplotlib as mpl

    drawn = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none"}):  # words stay words
        figure.savefig(to if kind != "html" else drawn, format=kind if kind != "html" else "svg", dpi=120)
    if kind != "html":
        return
    svg = drawn.getvalue()
    to.write_text(f"{_HEAD}{svg[svg.index('<svg') :]}</body></html>\n", encoding="utf-8")
