#!/bin/bash
# polars takes a folder for a data set only if ALL of its files have one extension: it does not skip side files whose
# names begin with "_" or ".", as Spark, Hive, pyarrow and pandas do. A folder that pandas.read_parquet(folder) opens
# makes polars.read_parquet(folder) raise InvalidOperationError ("directory contained paths with different file
# extensions"), as soon as a hidden ".lock" or a "_metadata.json" lies in it (empty files are skipped). It has an
# option for it, hidden_file_prefix, whose default is to skip nothing, and which versions up to 1.31 lack; a pattern with
# hive_partitioning=True takes just the Parquet files in every version from 0.20.31 on.
# Seen with polars 2.1.0, pyarrow 26.0.1 and pandas 3.1.1 on Python 3.11.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q polars==2.1.0 pyarrow==26.0.1 pandas==3.1.1
cd "$work"
"$work/venv/bin/python" - <<'PY'
import pathlib
import pandas as pd
import polars as pl

day = pathlib.Path("store/calendar=XNYS/date=2024-07-02")
day.mkdir(parents=True)
pd.DataFrame({"close": [1.0, 2.0]}).to_parquet(day / "bars.parquet")
assert len(pl.read_parquet("store")) == 2
(day / "_certificate.json").write_text("{}")

print("pandas reads", len(pd.read_parquet("store")), "rows")
assert len(pd.read_parquet("store")) == 2
try:
    pl.read_parquet("store")
except pl.exceptions.InvalidOperationError as error:
    print("polars:", str(error)[:120])
    assert "different file extensions" in str(error)
else:
    raise SystemExit("polars skips the side file now")
assert len(pl.scan_parquet("store", hidden_file_prefix=["_", "."]).collect()) == 2
found = pl.scan_parquet("store/**/*.parquet", hive_partitioning=True).collect()
assert found.shape == (2, 3), "the same, with its partitions as columns"
(day / "_certificate.json").write_text("")
assert len(pl.read_parquet("store")) == 2, "an empty file is no hindrance"
PY
