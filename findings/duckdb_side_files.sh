#!/bin/bash
# DuckDB's read_parquet('folder/**/*.parquet') reads files whose names begin with "_" or "." too, where Spark, Hive,
# pyarrow and pandas skip them: a side table such as "_splits.parquet" beside a data set, which pandas.read_parquet
# (folder) never sees, makes the same folder fail in DuckDB (or, where its columns fit, puts its rows among the data).
# Seen with duckdb 2.0.1, pyarrow 26.0.1 and pandas 3.1.1 on Python 3.11.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q duckdb==2.0.1 pyarrow==26.0.1 pandas==3.1.1
cd "$work"
"$work/venv/bin/python" - <<'PY'
import pathlib
import duckdb
import pandas as pd

day = pathlib.Path("store/calendar=XNYS/date=2024-07-02")
day.mkdir(parents=True)
pd.DataFrame({"symbol": ["A", "B"], "close": [1.0, 2.0]}).to_parquet(day / "bars.parquet")
for name in ("_side.parquet", ".side.parquet"):
    pd.DataFrame({"symbol": ["C"], "close": [9.0]}).to_parquet(pathlib.Path("store") / name)

by_pandas = sorted(pd.read_parquet("store")["symbol"])
by_duckdb = sorted(row[0] for row in duckdb.sql("select symbol from read_parquet('store/**/*.parquet')").fetchall())
print("pandas:", by_pandas, "duckdb:", by_duckdb)
assert by_pandas == ["A", "B"]
assert "C" in by_duckdb, "DuckDB skips hidden files now"
PY
