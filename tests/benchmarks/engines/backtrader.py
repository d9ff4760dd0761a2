"""backtrader: a pandas feed a symbol, resampled to 5m and 15m, and a strategy that takes down what is new.

Set for speed: feeds preloaded, indicators once, no observers.
"""

from typing import Any

import backtrader as bt
import pandas as pd

from tests.benchmarks.engines import work
from tests.benchmarks.engines.work import MINUTE_NS, Run, Tally
from tests.benchmarks.measuring import run_asked_step


class Listener(bt.Strategy):
    """Takes down every bar that a feed has more than before."""

    params = (("tally", None),)

    def __init__(self) -> None:
        self._note = self.p.tally.note
        self._seen = [0] * len(self.datas)
        self._kinds = [data._compression for data in self.datas]

    def prenext(self) -> None:
        """Hear what comes before every feed has a bar."""
        self.next()

    def next(self) -> None:
        """Take down what is new."""
        for place, data in enumerate(self.datas):
            if len(data) > self._seen[place]:
                self._seen[place] = len(data)
                self._note(self._kinds[place], data.close[0], data.volume[0])


def replay(folder: str) -> dict[str, Any]:
    """Play the file."""
    run = Run()
    with run.timed("load"):
        cerebro = _cerebro(work.read(folder), run.tally)
    with run.timed("replay"):
        cerebro.run()
    return run.result()


def _cerebro(bars: work.Bars, tally: Tally) -> bt.Cerebro:
    cerebro = bt.Cerebro(preload=True, runonce=True, exactbars=False, stdstats=False)
    for place in range(len(bars.symbols)):
        mine = bars.index == place
        frame = pd.DataFrame(dict(zip(work.FIELDS, bars.columns[:, mine], strict=True)))
        frame.index = pd.to_datetime(bars.start_ns[mine] + MINUTE_NS)
        feed = bt.feeds.PandasData(dataname=frame, timeframe=bt.TimeFrame.Minutes, compression=1, openinterest=None)
        cerebro.adddata(feed)
        for minutes in (5, 15):
            cerebro.resampledata(feed, timeframe=bt.TimeFrame.Minutes, compression=minutes)
    cerebro.addstrategy(Listener, tally=tally)
    return cerebro


if __name__ == "__main__":
    run_asked_step({"replay": replay})
