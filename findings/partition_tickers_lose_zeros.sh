#!/bin/bash
# In a dataset with a folder a symbol, symbol=005930/, what a symbol is depends on the other folders: pandas, pyarrow and
# polars guess the type of a partition column from all of its values. While only Korean, Japanese, Chinese or Hong Kong
# codes lie there they are numbers, and 005930 is 5930; with the first folder of letters they all become text again, and a
# query that worked finds nothing. DuckDB guesses too, but keeps such codes as text. A stated schema (pyarrow's
# partitioning, polars' hive_schema) keeps them everywhere.
# Seen with pandas 3.1.1, pyarrow 26.0.1, polars 2.1.0 and duckdb 2.0.1 on Python 3.11.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q pandas==3.1.1 pyarrow==26.0.1 polars==2.1.0 duckdb==2.0.1
cd "$work"
"$work/venv/bin/python" - <<'PY'
import pathlib

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds


def add(symbol):
    folder = pathlib.Path("store") / f"symbol={symbol}"
    folder.mkdir(parents=True)
    pd.DataFrame({"close": [1.0]}).to_parquet(folder / "bars.parquet")


def seen():
    query = "SELECT symbol FROM read_parquet('store/*/*.parquet', hive_partitioning=true) ORDER BY ALL"
    return {
        "pandas": pd.read_parquet("store")["symbol"].tolist(),
        "polars": pl.read_parquet("store", hive_partitioning=True)["symbol"].to_list(),
        "duckdb": [symbol for (symbol,) in duckdb.sql(query).fetchall()],
    }


add("000660")
add("005930")
alone = seen()
print("two codes    ", alone)
assert alone["pandas"] == alone["polars"] == [660, 5930], alone
assert alone["duckdb"] == ["000660", "005930"], alone

by_name = ds.partitioning(pa.schema({"symbol": pa.string()}), flavor="hive")
stated = [
    ds.dataset("store", partitioning=by_name).to_table()["symbol"].to_pylist(),
    pl.read_parquet("store", hive_partitioning=True, hive_schema={"symbol": pl.String})["symbol"].to_list(),
]
print("with a schema", stated)
assert stated == [["000660", "005930"]] * 2

add("AAPL")
beside = seen()
print("and a ticker ", beside)
assert all(symbols == ["000660", "005930", "AAPL"] for symbols in beside.values()), beside
PY
# Output:
#   two codes     {'pandas': [660, 5930], 'polars': [660, 5930], 'duckdb': ['000660', '005930']}
#   with a schema [['000660', '005930'], ['000660', '005930']]
#   and a ticker  {'pandas': ['000660', '005930', 'AAPL'], 'polars': ['000660', '005930', 'AAPL'], 'duckdb': [...]}
