#!/bin/bash
# polars.read_csv(..., try_parse_dates=True) reads dates with slashes as day/month/year. A US export whose days are all
# up to 12 becomes other days in silence; as soon as one day is beyond 12, the whole column stays text, so what a file
# means depends on how much of it one has. pandas.read_csv(parse_dates=...) reads both as month/day/year; DuckDB leaves a
# date with a time in this form as text. Only a format that is named says the same to everybody.
# Seen with polars 2.1.0 and pandas 3.1.1 on Python 3.11.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q polars==2.1.0 pandas==3.1.1
cd "$work"
"$work/venv/bin/python" - <<'PY'
import io

import pandas as pd
import polars as pl

HEAD = "time,close\n"
TWO_DAYS = HEAD + "07/02/2024 09:30,1.5\n07/03/2024 09:30,1.6\n"
TWO_WEEKS = TWO_DAYS + "07/15/2024 09:30,1.7\n"

for name, text in (("days up to 12", TWO_DAYS), ("a day beyond", TWO_WEEKS)):
    by_polars = pl.read_csv(io.StringIO(text), try_parse_dates=True)["time"]
    by_pandas = pd.read_csv(io.StringIO(text), parse_dates=["time"])["time"]
    print(f"{name}: polars {by_polars[0]} ({by_polars.dtype}), pandas {by_pandas[0]}")

assert str(pl.read_csv(io.StringIO(TWO_DAYS), try_parse_dates=True)["time"][0]) == "2024-02-07 09:30:00"
assert pl.read_csv(io.StringIO(TWO_WEEKS), try_parse_dates=True)["time"].dtype == pl.String
assert str(pd.read_csv(io.StringIO(TWO_DAYS), parse_dates=["time"])["time"][0]) == "2024-07-02 09:30:00"
PY
# Output:
#   days up to 12: polars 2024-02-07 09:30:00 (Datetime(time_unit='us', time_zone=None)), pandas 2024-07-02 09:30:00
#   a day beyond: polars 07/02/2024 09:30 (String), pandas 2024-07-02 09:30:00
