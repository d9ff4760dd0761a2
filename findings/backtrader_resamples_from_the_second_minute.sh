#!/bin/bash
# backtrader takes the stamp of a bar for its END. Minutes as nearly all vendors stamp them, by their START, are resampled
# to 5m bars that nobody else has: the first holds one minute, 09:30, each of the others runs from a minute after the
# mark, 09:31 to 09:35, 09:36 to 09:40. Each bar is thereby a minute newer than the one of the same name elsewhere, and
# rightedge=False, which looks like the switch for it, changes nothing in what they hold. Stamps moved to the minute's end
# before they are fed (index + 1 minute) give the bars that pandas makes.
# Seen with backtrader 1.9.78.123 and pandas 3.1.1 on Python 3.11.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q backtrader==1.9.78.123 pandas==3.1.1
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PY'
import backtrader as bt
import pandas as pd

index = pd.date_range("2024-07-02 09:30", "2024-07-02 09:45", freq="1min", inclusive="left")
minutes = pd.DataFrame({name: range(len(index)) for name in ("open", "high", "low", "close")} | {"volume": 1}, index=index)


def resampled(frame, **options):
    bars = []

    class Listen(bt.Strategy):
        def next(self):
            bar = self.datas[1]
            if len(bar) > len(bars):
                bars.append((int(bar.open[0]), int(bar.close[0])))

    cerebro = bt.Cerebro(stdstats=False)
    data = bt.feeds.PandasData(dataname=frame, timeframe=bt.TimeFrame.Minutes, compression=1)
    cerebro.adddata(data)
    cerebro.resampledata(data, timeframe=bt.TimeFrame.Minutes, compression=5, **options)
    cerebro.addstrategy(Listen)
    cerebro.run()
    return bars


five = minutes.resample("5min").agg({"open": "first", "close": "last"})
by_pandas = list(zip(five["open"].tolist(), five["close"].tolist()))
seen = {
    "as stamped": resampled(minutes),
    "rightedge=False": resampled(minutes, rightedge=False),
    "moved to the end": resampled(minutes.set_index(index + pd.Timedelta("1min"))),
}
for name, bars in [("pandas", by_pandas), *seen.items()]:
    print(f"{name}: minutes {', '.join(f'{first} to {last}' for first, last in bars)}")

assert by_pandas == [(0, 4), (5, 9), (10, 14)]
assert seen["as stamped"] == seen["rightedge=False"] == [(0, 0), (1, 5), (6, 10), (11, 14)], seen
assert seen["moved to the end"] == by_pandas, seen
PY
# Output:
#   pandas: minutes 0 to 4, 5 to 9, 10 to 14
#   as stamped: minutes 0 to 0, 1 to 5, 6 to 10, 11 to 14
#   rightedge=False: minutes 0 to 0, 1 to 5, 6 to 10, 11 to 14
#   moved to the end: minutes 0 to 4, 5 to 9, 10 to 14
