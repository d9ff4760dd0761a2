#!/bin/bash
# Bars of several hours of a market that never closes, resampled in its local time, depend on where the data begins. Both
# pandas' resample("4h") and polars' group_by_dynamic(every="4h") cut at local midnight on the FIRST day, and every four
# hours of elapsed time from there on: after the clocks change all later bars begin at 01:00, 05:00, 09:00 ... A frame
# that begins a day after the change has them at 00:00, 04:00, 08:00 ... So the bars of one and the same day differ
# between a long backtest and a live run. polars' dt.truncate("4h") cuts each day by its own clock.
# Seen with pandas 3.1.1 and polars 2.1.0 on Python 3.11; the clocks of New York went forward on 2024-03-10.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q pandas==3.1.1 polars==2.1.0 pyarrow==26.0.1
cd "$work"
"$work/venv/bin/python" - <<'PY'
import pandas as pd
import polars as pl

DAY = pd.Timestamp("2024-03-12", tz="America/New_York")


def minutes(first):
    since = pd.Timestamp(first, tz="America/New_York")
    index = pd.date_range(since, DAY + pd.Timedelta(days=1), freq="1min", inclusive="left")
    return pd.DataFrame({"time": index, "volume": 1})


def starts(times):
    return [time.strftime("%H:%M") for time in times if time.date() == DAY.date()]


def by_pandas(frame):
    return starts(frame.set_index("time")["volume"].resample("4h").sum().index)


def by_polars(frame):
    return starts(pl.from_pandas(frame).group_by_dynamic("time", every="4h").agg(pl.col("volume").sum())["time"])


def by_truncating(frame):
    return starts(pl.from_pandas(frame)["time"].dt.truncate("4h").unique(maintain_order=True))


ways = {"pandas": by_pandas, "polars": by_polars, "polars, truncate": by_truncating}
long = {name: way(minutes("2024-03-08"))[:3] for name, way in ways.items()}
short = {name: way(minutes("2024-03-12"))[:3] for name, way in ways.items()}
for name in ways:
    print(f"{name}: the bars of {DAY.date()} begin at {long[name]} in data since the 8th, at {short[name]} in its own")

moved, right = ["01:00", "05:00", "09:00"], ["00:00", "04:00", "08:00"]
assert long == {"pandas": moved, "polars": moved, "polars, truncate": right}, long
assert short == dict.fromkeys(ways, right), short
PY
# Output:
#   pandas: the bars of 2024-03-12 begin at ['01:00', '05:00', '09:00'] in data since the 8th, at ['00:00', ...] in its own
#   polars: the bars of 2024-03-12 begin at ['01:00', '05:00', '09:00'] in data since the 8th, at ['00:00', ...] in its own
#   polars, truncate: the bars of 2024-03-12 begin at ['00:00', '04:00', '08:00'] in data since the 8th, at ['00:00', ...]
