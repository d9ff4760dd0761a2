#!/bin/bash
# A msgspec.Struct class that travels by value (cloudpickle, hence Ray, Dask and joblib, for classes of __main__ or of a
# notebook) arrives without its fields, and nobody says so: a Struct's fields are read off when its class statement is
# run, and cloudpickle makes the class anew from an empty body and sets its attributes afterwards. The class that
# arrives has the name and the annotations, no fields, and its constructor takes no argument. Dataclasses arrive whole.
# Seen with msgspec 0.23.0 and cloudpickle 3.1.3 on Python 3.11.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q msgspec==0.23.0 cloudpickle==3.1.3
cat >"$work/send.py" <<'PY'
import dataclasses
import sys

import cloudpickle
import msgspec


class Result(msgspec.Struct):
    trades: int


@dataclasses.dataclass
class Plain:
    trades: int


def strategy(kind):
    return {"struct": Result, "dataclass": Plain}[kind](trades=1)


sys.stdout.buffer.write(cloudpickle.dumps((strategy, Result)))
PY
cat >"$work/receive.py" <<'PY'
import pickle
import sys

strategy, result = pickle.load(sys.stdin.buffer)
print("fields that arrived:", result.__struct_fields__, "annotations:", result.__annotations__)
assert strategy("dataclass").trades == 1
assert result.__struct_fields__ == () and list(result.__annotations__) == ["trades"]
try:
    strategy("struct")
except TypeError as error:
    print("TypeError:", error)
    assert "trades" in str(error)
else:
    raise SystemExit("a Struct arrives with its fields now")
PY
"$work/venv/bin/python" "$work/send.py" >"$work/sent"
"$work/venv/bin/python" "$work/receive.py" <"$work/sent"
