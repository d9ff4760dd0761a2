"""vn.py: its bar generators, two a symbol, fed one 1m bar after the other."""

import os
import tempfile
from typing import Any

import pandas as pd

from tests.benchmarks.engines import work
from tests.benchmarks.engines.work import Run
from tests.benchmarks.measuring import run_asked_step

os.environ["HOME"] = tempfile.gettempdir()  # when it is imported it makes a folder .vntrader at home

from vnpy.trader.constant import Exchange, Interval
from vnpy.trader.object import BarData
from vnpy.trader.utility import BarGenerator


def replay(folder: str) -> dict[str, Any]:
    """Play the file."""
    run = Run()
    with run.timed("load"):
        bars = work.read(folder)
        minutes = _minutes(bars)
        generators = {symbol: tuple(_generator(run, window) for window in (5, 15)) for symbol in bars.symbols}
    note = run.tally.note
    with run.timed("replay"):
        for bar in minutes:
            note(1, bar.close_price, bar.volume)
            fives, fifteens = generators[bar.symbol]
            fives.update_bar(bar)
            fifteens.update_bar(bar)
    return run.result()


def _minutes(bars: work.Bars) -> list[BarData]:
    moments = pd.to_datetime(bars.start_ns, utc=True).to_pydatetime().tolist()
    names = [bars.symbols[place] for place in bars.index.tolist()]
    return [
        BarData(
            gateway_name="file",
            symbol=name,
            exchange=Exchange.NYSE,
            datetime=moment,
            interval=Interval.MINUTE,
            open_price=first,
            high_price=high,
            low_price=low,
            close_price=last,
            volume=volume,
        )
        for name, moment, first, high, low, last, volume in zip(
            names, moments, *(column.tolist() for column in bars.columns), strict=True
        )
    ]


def _generator(run: Run, window: int) -> BarGenerator:
    note = run.tally.note
    return BarGenerator(lambda _: None, window, lambda bar: note(window, bar.close_price, bar.volume))


if __name__ == "__main__":
    run_asked_step({"replay": replay})
