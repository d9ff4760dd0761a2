"""A look at a live run as a panel of a few lines, in exchange time."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from actors.doors.remote.live_look import LiveLook
from actors.doors.show import figures
from actors.doors.show.live_words import readiness
from messages.feeds import FeedHealth
from messages.lifecycle import FeedStatus
from messages.replies import QualityReport, RoomHealth, SystemStatus
from messages.values import Health, moment

_WORST = 5
_WHOLE = 100.0


def panel(look: LiveLook, title: str, events: Sequence[str] = (), hint: str = "") -> Panel:
    """Return what stands in a frame: rows, and the last events."""
    rows = Table.grid(padding=(0, 2, 0, 0))
    rows.add_column(no_wrap=True, style="dim")
    rows.add_column()
    for name, value in described(look):
        rows.add_row(name, Text(value))
    parts: list[RenderableType] = [rows]
    if events:
        parts += [Text(""), *(Text(event, no_wrap=True, overflow="ellipsis") for event in events)]
    return Panel(Group(*parts), title=Text(title), subtitle=Text(hint, style="dim"), title_align="left")


def described(look: LiveLook) -> list[tuple[str, str]]:
    """Return the rows: what, and how it is."""
    return [
        ("system", _system(look)),
        *([] if look.system.health is Health.HEALTHY else [("health", _health(look.system))]),
        ("session", _session(look)),
        ("clock", _clock(look)),
        *([] if look.readiness is None else [("ready", readiness(look.readiness))]),
        *(("feed", _feed(feed)) for feed in look.live.feeds),
        ("minutes", f"{figures.count(look.progress.minutes_done)} of {figures.count(look.progress.minutes_total)}"),
        *([("prices", "  ".join(f"{symbol} {price:,.6g}" for symbol, price in look.prices))] if look.prices else []),
        ("quality", _quality(look)),
        ("worst", _worst(look)),
        ("mailboxes", _mailboxes(look.system.rooms)),
        *(("trouble", trouble) for trouble in look.live.troubles),
    ]


def _system(look: LiveLook) -> str:
    late = f"; waits for {', '.join(look.system.late_subscribers)}" if look.system.late_subscribers else ""
    failure = f": {look.system.failure}" if look.system.failure else ""
    return f"{look.system.state}{failure}{late} (process {look.pid})"


def _health(system: SystemStatus) -> str:
    more = len(system.reasons) - 1
    first = system.reasons[0] if system.reasons else ""
    return f"{system.health}: {first}{f'; and {more} more' if more > 0 else ''}"


def _session(look: LiveLook) -> str:
    session = look.live.session
    if session is None:
        return "none yet"
    hours = f"{figures.span(session.open_ns, session.close_ns, session.tz)} {figures.zone(session.open_ns, session.tz)}"
    silent = ", the feed is silent" if look.live.timer_expired else ""
    return f"{session.calendar} {figures.weekday(session.date)} {hours}: {look.live.phase}{silent}"


def _clock(look: LiveLook) -> str:
    tz = look.live.session.tz if look.live.session is not None else "UTC"
    skew = f"; {figures.count(look.live.skewed)} bars came before their time" if look.live.skewed else ""
    return f"{moment(look.live.now_ns, tz):%H:%M:%S} {figures.zone(look.live.now_ns, tz)}{skew}"


def _feed(feed: FeedStatus) -> str:
    health = feed.health
    there = "connected" if health.is_connected else "over" if health.is_over else "not connected"
    why = f" ({health.last_error})" if health.last_error and not health.is_connected else ""
    parts = [f"{health.feed} {there}{why}", f"lag {_lag(feed)}"]
    counted = (("bars", health.bars), ("ticks", health.ticks), ("quotes", health.quotes), ("losses", health.losses))
    parts += [f"{figures.count(number)} {name}" for name, number in counted if number]
    parts += _taken(health)
    parts += [f"{len(feed.refused)} symbols refused"] if feed.refused else []
    return ", ".join(parts)


def _taken(counts: FeedHealth | QualityReport) -> list[str]:
    """Say what became of what was received, where anything was."""
    if not counts.received:
        return []
    outcomes = (("accepted", counts.accepted), ("rejected", counts.rejected), ("duplicates", counts.duplicates))
    parts = " + ".join(f"{figures.count(number)} {name}" for name, number in outcomes if number)
    return [f"{figures.count(counts.received)} received = {parts}"]


def _lag(feed: FeedStatus) -> str:
    return f"{figures.milliseconds(feed.lag_p50_ms)} (p99 {figures.milliseconds(feed.lag_p99_ms)})"


def _quality(look: LiveLook) -> str:
    if look.quality is None:
        return figures.NOTHING
    quality, report = look.quality.quality, look.quality
    parts = [
        f"{figures.percent(quality.completeness)} complete",
        f"quality {figures.percent(quality.bar_quality)}",
        f"{figures.count(look.bars)} bars",
    ]
    counted = (
        ("late", quality.verdicts.late),
        ("filled", quality.verdicts.filled),
        ("missing", quality.verdicts.missing),
        ("abandoned", quality.verdicts.abandoned),
        ("catching up", len(report.catching_up)),
        ("gaps", report.gaps),
    )
    parts += [f"{figures.count(number)} {name}" for name, number in counted if number]
    return ", ".join([*parts, *_taken(report)])


def _worst(look: LiveLook) -> str:
    worst = () if look.quality is None else look.quality.worst
    short = [f"{symbol} {figures.percent(share)}" for symbol, share in worst if share < _WHOLE]
    return ", ".join(short[:_WORST]) or "none lacks anything"


def _mailboxes(rooms: Sequence[RoomHealth]) -> str:
    waits = [f"{room.room} {room.mailbox_depth} (most {room.mailbox_high_water})" for room in rooms]
    return ", ".join(waits) or figures.NOTHING
