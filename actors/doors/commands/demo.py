"""The main job: a market that it makes itself, replayed through a feed that loses bars, and healed."""

from collections.abc import Sequence

import msgspec

from actors.doors.cli.invocation import command
from actors.doors.commands import demo_market
from actors.doors.commands.demo_market import CALENDAR, FIRST_DAY, LAST_DAY, SYMBOLS
from actors.doors.commands.playback import Replay, play
from actors.doors.commands.repairs import Repairing
from actors.doors.show import figures, paper, repair_tables, run_tables
from actors.doors.show.progress import replay_bar
from actors.kernel.ports import BarSource
from actors.market.faults import Faults
from actors.storage.parquet import ParquetStore
from actors.storage.source import StoreSource
from actors.system import System
from messages.replies import SessionMetrics, SessionReport
from messages.values import FIRST_WITH_BAR, Bar, Verdict

OUTAGE = "10:00-10:07"
FAULTS = Faults(drop=0.02, outages=(OUTAGE,))
SEEN_FROM, SEEN_UNTIL = "09:59", "10:08"
"""The minutes that are shown one by one, with one on either side of the outage."""
SHOWN = 5


class _Run(msgspec.Struct, frozen=True, kw_only=True):
    """A replay, and how things stood at its end."""

    replay: Replay
    minutes: dict[str, list[Bar]]
    """By symbol, those around the last session's outage."""
    metrics: list[SessionMetrics]


def run() -> None:
    """Write the market's days where they are not there yet, replay them twice, and print what came of it."""
    paper.tell(
        f"A synthetic market of {SYMBOLS} symbols on {CALENDAR}, the same one every time: three sessions from",
        f"{FIRST_DAY} to {LAST_DAY}, one of them a half-day. Its feed loses {FAULTS.drop:.0%} of the bars, and all of",
        f"them from {OUTAGE.replace('-', ' to ')}. It is replayed minute by minute, twice: as it comes, and healed",
        "from an archive that is asked for what is missing.",
    )
    demo_market.write_market()
    archive = StoreSource(ParquetStore(demo_market.archive_folder(), read_only=True), "archive")
    before, healed = _replayed(), _replayed(archive)
    symbol = _most_telling(healed.minutes)
    paper.show(
        run_tables.sessions(healed.replay, "Sessions when healed"),
        repair_tables.before_and_after(before.replay.repairs, healed.replay.repairs),
        repair_tables.repairs(healed.replay.repairs),
        repair_tables.minutes(
            f"The outage of {LAST_DAY}, as {symbol} saw it", before.minutes[symbol], healed.minutes[symbol]
        ),
        run_tables.metrics(
            f"At the close of {figures.weekday(LAST_DAY)}: the most active symbols, and the quietest", healed.metrics
        ),
        *_closing_words(symbol),
    )


def _replayed(*sources: BarSource) -> _Run:
    repairing = Repairing(sources)
    tape = System.backtest(
        demo_market.tape_folder(),
        calendar=CALENDAR,
        start=FIRST_DAY,
        end=LAST_DAY,
        faults=FAULTS,
        sources=repairing.sources,
    )
    with tape as system, replay_bar() as show_progress:
        replay = play(system, show_progress, repairing)
        report = replay.sessions[-1]
        windows = {name: system.bars(name, SEEN_FROM, SEEN_UNTIL, fill="forward") for name in report.symbols}
        metrics = [system.metrics(symbol) for symbol in _shown(report)]
        return _Run(
            replay=replay,
            minutes={symbol: window.get(timeout=10).bars() for symbol, window in windows.items()},
            metrics=[one.get(timeout=10) for one in metrics],
        )


def _shown(report: SessionReport) -> tuple[str, ...]:
    """Return the symbols that traded most, and the two with the most minutes without a trade."""
    by_volume = [report.symbols[place] for place in (-report.volume).argsort(kind="stable")]
    by_bars = [report.symbols[place] for place in report.bars.argsort(kind="stable")]
    return (*by_volume[: SHOWN - 2], *by_bars[1::-1])


def _most_telling(minutes: dict[str, list[Bar]]) -> str:
    """Return a symbol that did not trade in some of these minutes, and did in most of them."""
    telling = [symbol for symbol, bars in minutes.items() if any(bar.verdict is Verdict.NO_TRADE for bar in bars)]
    return max(telling, key=lambda symbol: sum(bar.verdict >= FIRST_WITH_BAR for bar in minutes[symbol]))


def _closing_words(symbol: str) -> Sequence[str]:
    tape, archive = ("--store", str(demo_market.tape_folder())), str(demo_market.archive_folder())
    faulty = ("--drop", "0.05", "--outage", "15:30-16:00", "--fill-from", archive)
    return (
        f"The bars lie in {demo_market.tape_folder().parent} (Parquet, one file a day).",
        "",
        "To try next:",
        f"  {command('backtest', *tape, *faulty, '--seed', '1')}",
        f"  {command('backtest', *tape, '--symbols', symbol, '--last', '1', '--speed', '3600')}",
        f"  {command('inspect', '--store', archive, '--symbols', symbol)}",
        f"  {command('verify', '--store', archive)}",
        f"  {command('import', '--help')}",
    )
