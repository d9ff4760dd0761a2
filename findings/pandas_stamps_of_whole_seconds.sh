#!/bin/bash
# datetime.isoformat() leaves the fraction out where it is zero. A tape of trades that a program wrote with it has one
# stamp in many without a fraction, and for that one pandas.read_csv(parse_dates=["time"]) leaves the WHOLE column text,
# without an error or a warning, although each of its stamps is ISO 8601; pandas.to_datetime raises ValueError on the same
# column. date_format="ISO8601" reads every one of them.
# Seen with pandas 3.1.1 and 2.2.3 on Python 3.11.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
cat >tape.py <<'PY'
import io
import warnings
from datetime import datetime, timedelta

import pandas as pd

BEGIN = datetime(2024, 7, 2, 9, 30)
tape = "time,price\n" + "".join(f"{(BEGIN + timedelta(seconds=i / 4)).isoformat()},1.5\n" for i in range(1, 9))

with warnings.catch_warnings(action="error"):
    silent = pd.read_csv(io.StringIO(tape), parse_dates=["time"])["time"]
stated = pd.read_csv(io.StringIO(tape), parse_dates=["time"], date_format="ISO8601")["time"]
try:
    pd.to_datetime(silent)
    raised = "nothing"
except ValueError:
    raised = "ValueError"

is_text = isinstance(silent[0], str)
print(f"pandas {pd.__version__}: text {is_text}, to_datetime raises {raised}, with ISO8601 {stated.dtype}")
assert is_text and raised == "ValueError" and isinstance(stated[0], pd.Timestamp)
PY
for version in 3.1.1 2.2.3; do
    python3 -m venv "$work/venv-$version"
    "$work/venv-$version/bin/pip" install -q "pandas==$version"
    "$work/venv-$version/bin/python" tape.py
done
# Output:
#   pandas 3.1.1: text True, to_datetime raises ValueError, with ISO8601 datetime64[us]
#   pandas 2.2.3: text True, to_datetime raises ValueError, with ISO8601 datetime64[ns]
