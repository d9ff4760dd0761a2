"""The ``replay`` command: a live day out of its journal, as it was received, as it was known, or beside another."""

import contextlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from actors.doors.cli.interrupts import until_interrupted
from actors.doors.commands.playback import BacktestResult, play
from actors.doors.show import figures, paper, run_tables
from actors.doors.show.progress import replay_bar
from actors.doors.web.serving import Served, serving
from actors.lived_day import LivedDay
from actors.reading.spelling.addresses import Place, shown
from actors.storage.elsewhere.opening import folder_of, open_store
from actors.storage.journal.lived import LivedStore
from actors.system import System
from messages.errors import DataError, NotReady, SettingsError
from messages.events import MinuteClosed
from messages.values import Bar, Nanos, TradingSession, moment

_SHOWN = 20
"""Of minutes that differ, so many are printed."""

_KNOWN = (
    paper.Column("Symbol", is_text=True),
    paper.Column("Bars"),
    paper.Column("Missing", is_watched=True),
    paper.Column("Latest", is_text=True),
    paper.Column("Close"),
    paper.Column("Volume", rank=1),
)
_DIFFERENCES = (
    paper.Column("Minute", is_text=True),
    paper.Column("Symbol", is_text=True),
    paper.Column("Here", is_text=True),
    paper.Column("There", is_text=True),
)


class ReplayResult(msgspec.Struct, frozen=True, kw_only=True):
    """A day that was played again."""

    journal: str
    date: str
    digest: str
    played: BacktestResult


class KnownSymbol(msgspec.Struct, frozen=True, kw_only=True):
    """What was known of a symbol."""

    symbol: str
    bars: int
    missing: int
    """Minutes that were over and had no bar."""
    latest: str | None
    """The start of its latest bar, in exchange time."""
    close: float | None
    volume: float


class KnownResult(msgspec.Struct, frozen=True, kw_only=True):
    """What was known at a moment."""

    journal: str
    date: str
    until: str
    symbols: list[KnownSymbol]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A minute of a symbol that two days tell differently; ``None``: there is no bar."""

    minute: str
    symbol: str
    here: Bar | None
    there: Bar | None


class DiffResult(msgspec.Struct, frozen=True, kw_only=True):
    """Two days side by side."""

    here: str
    there: str
    date: str
    minutes: int
    """Minutes of symbols that either has a bar of."""
    differences: list[Difference]


def replay(journal: Path, *, speed: float, served: Served, as_json: bool) -> None:
    """Play a day through the real system, every message when it came, and print what it came to.

    Args:
        journal: of the day.
        speed: of the clock; 0: as fast as possible.
        served: what is served while it plays, and afterwards until somebody wants it to end.
        as_json: whether to print JSON.

    Raises:
        BarkeeperError: there is no such journal, or it cannot be read.
    """
    store = LivedStore(journal)
    playable = System.backtest(store, speed=speed)
    with serving(playable, served) as addresses, playable as system:
        paper.say(*addresses)
        with replay_bar() as show_progress:
            played = play(system, show_progress)
        digest = system.digest().get(timeout=10.0)
        if as_json:
            result = ReplayResult(journal=str(journal), date=store.session.date, digest=digest, played=played.result())
            paper.show_json(result)
        else:
            paper.show(run_tables.sessions(played, "The day as it was received"))
            if len(run_tables.symbols_of(played.sessions)) <= run_tables.FEW_SYMBOLS:
                paper.show(run_tables.symbols(played.sessions))
            paper.show(f"Digest: {digest}")
        if served.stays:
            until_interrupted("The run is over; it is served until Ctrl-C.")


def step(journal: Path) -> None:
    """Play a day minute by minute: the next one comes when a line is entered.

    Raises:
        BarkeeperError: there is no such journal, or it cannot be read.
    """
    paper.say("Enter plays the next minute, q ends.")
    with System.backtest(LivedStore(journal)) as system:
        for minute in system.minutes():
            paper.show(_line(minute))
            with contextlib.suppress(EOFError):
                if input().strip().lower() in ("q", "quit"):
                    return


def _line(minute: MinuteClosed) -> str:
    missing = f"; missing: {', '.join(minute.missing)}" if minute.missing else ""
    return f"{minute.start:%H:%M}  {minute.present} of {minute.expected} symbols{missing}"


def known(journal: Path, until: str, *, as_json: bool) -> None:
    """Print what was known of a day at a moment.

    Raises:
        BarkeeperError: there is no such journal, it cannot be read, or that is no moment.
    """
    try:
        day = LivedDay(journal, until)
    except SettingsError as error:  # which names Python's argument
        raise SettingsError(str(error).replace("when: ", "--until: ", 1)) from None
    try:
        session = day.opened_session()
    except NotReady as error:
        raise NotReady(f"--until: {error}") from None
    missing = Counter[str]()
    for gap in day.gaps().get():
        for symbol in gap.symbols:
            missing[symbol] += (gap.end_ns - gap.start_ns) // session.base_interval.span_ns
    found = [_known(day, symbol, session, missing[symbol]) for symbol in day.active_symbols().get()]
    said = _clock(day.until_ns or session.end_ns, session)
    if as_json:
        paper.show_json(KnownResult(journal=str(journal), date=session.date, until=said, symbols=found))
        return
    decimals = figures.decimals_of(one.close for one in found)
    sheet = paper.Sheet(f"{session.date} as it was known at {said} ({session.tz})", _KNOWN)
    for one in found:
        sheet.add(
            one.symbol,
            figures.count(one.bars),
            figures.count(one.missing),
            one.latest or figures.NOTHING,
            figures.price(one.close, decimals),
            figures.volume(one.volume),
        )
    paper.show(sheet)


def _known(day: LivedDay, symbol: str, session: TradingSession, missing: int) -> KnownSymbol:
    window = day.bars(symbol).get()
    latest = window[-1] if len(window) else None
    return KnownSymbol(
        symbol=symbol,
        bars=len(window),
        missing=missing,
        latest=None if latest is None else _clock(latest.start_ns, session),
        close=None if latest is None else latest.close,
        volume=float(window.volume.sum()),
    )


def compare(journal: Path, other: Place, *, as_json: bool) -> None:
    """Print in which minutes a day differs from another journal of it, or from what a store has of it.

    Raises:
        BarkeeperError: one cannot be read, they are not of one day, or they differ.
    """
    here = LivedDay(journal)
    session = here.opened_session()
    mine, theirs = _bars_of(here), _other_bars(other, session)
    places = sorted(mine.keys() | theirs.keys())
    found = [
        Difference(
            minute=_clock(start_ns, session),
            symbol=symbol,
            here=mine.get((start_ns, symbol)),
            there=theirs.get((start_ns, symbol)),
        )
        for start_ns, symbol in places
        if mine.get((start_ns, symbol)) != theirs.get((start_ns, symbol))
    ]
    if as_json:
        result = DiffResult(
            here=str(journal), there=shown(other), date=session.date, minutes=len(places), differences=found
        )
        paper.show_json(result)
    else:
        paper.show(*_compared(found, session, len(places)))
    if found:
        raise DataError(f"{figures.count(len(found))} of {figures.count(len(places))} minutes differ")


def _compared(found: list[Difference], session: TradingSession, minutes: int) -> Iterator[paper.Sheet | str]:
    if not found:
        yield f"{session.date}: all {figures.count(minutes)} minutes are the same."
        return
    sheet = paper.Sheet(f"Minutes of {session.date} that differ ({session.tz})", _DIFFERENCES)
    for one in found[:_SHOWN]:
        sheet.add(one.minute, one.symbol, _said(one.here), _said(one.there))
    yield sheet
    if len(found) > _SHOWN:
        yield f"{figures.count(len(found) - _SHOWN)} more are in --json."


def _said(bar: Bar | None) -> str:
    if bar is None:
        return "no bar"
    decimals = figures.decimals_of((bar.open, bar.high, bar.low, bar.close))
    prices = " ".join(figures.price(price, decimals) for price in (bar.open, bar.high, bar.low, bar.close))
    return f"{prices} x {figures.volume(bar.volume)}"


def _bars_of(day: LivedDay) -> dict[tuple[Nanos, str], Bar]:
    symbols = day.active_symbols().get()
    return {(one.start_ns, symbol): _plain(one) for symbol in symbols for one in day.bars(symbol).get().bars()}


def _other_bars(other: Place, session: TradingSession) -> dict[tuple[Nanos, str], Bar]:
    """Return the bars of another journal, or of a store."""
    folder = folder_of(other)
    if folder is not None and not folder.is_dir():
        day = LivedDay(folder)
        theirs = day.session().get()
        if theirs is None or (theirs.calendar, theirs.date) != (session.calendar, session.date):
            raise DataError(f"{folder}: expected a journal of {session.calendar} on {session.date}")
        return _bars_of(day)
    with contextlib.closing(open_store(other, read_only=True)) as store:
        stored = store.read(session.calendar, session.date)
    if stored is None:
        raise DataError(f"{shown(other)}: the store has no day {session.date} of {session.calendar}")
    return {(one.start_ns, one.symbol): _plain(one) for one in stored.bars.bars()}


def _plain(bar: Bar) -> Bar:
    """Return what a bar says of the market, without what not everybody keeps, and not how it came to be."""
    return Bar(
        symbol=bar.symbol,
        start_ns=bar.start_ns,
        open=bar.open,
        high=bar.high,
        low=bar.low,
        close=bar.close,
        volume=bar.volume,
    )


def _clock(instant_ns: Nanos, session: TradingSession) -> str:
    said = moment(instant_ns, session.tz)
    return f"{said:%H:%M:%S}" if said.second else f"{said:%H:%M}"
