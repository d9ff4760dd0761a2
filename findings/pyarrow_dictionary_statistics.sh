#!/bin/bash
# A filter of pyarrow.dataset (and of read_table, and so of pandas.read_parquet) prunes no group of rows by a text
# column that was written as a dictionary: the Arrow schema that pyarrow keeps in the file makes the column a dictionary
# again when it is read, and its statistics are not compared, though they lie in the file and are right. The same
# column as plain text is pruned, and in Parquet both are encoded with a dictionary anyway: so a categorical column of
# pandas, smaller in memory, makes every later query read the whole file.
# Seen with pyarrow 26.0.1 on Python 3.11: of a file in ten groups of rows, one symbol a group, a filter for one symbol
# keeps 1 group of plain text and all 10 of the dictionary.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q pyarrow==26.0.1
cd "$work"
"$work/venv/bin/python" - <<'PY'
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

symbols = pa.array([f"S{number}" for number in range(10) for _ in range(1000)])
kept = {}
for name, column in (("plain", symbols), ("dictionary", symbols.dictionary_encode())):
    pq.write_table(pa.table({"symbol": column, "close": pa.array(range(10_000))}), f"{name}.parquet", row_group_size=1000)
    statistics = pq.read_metadata(f"{name}.parquet").row_group(7).column(0).statistics
    assert (statistics.min, statistics.max) == ("S7", "S7"), "they are in the file, and right"
    (fragment,) = ds.dataset(f"{name}.parquet").get_fragments()
    kept[name] = len(fragment.split_by_row_group(pc.field("symbol") == "S7"))
print("groups of rows that a filter for one of ten symbols keeps:", kept)
assert kept == {"plain": 1, "dictionary": 10}
PY
