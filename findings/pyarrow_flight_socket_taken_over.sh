#!/bin/bash
# A second Arrow Flight server at a UNIX socket at which one serves already is not refused, as it is at a port: it takes
# the socket's file away and puts its own there. The first goes on without a word and without clients; and when the
# second ends, it removes the file, so that nobody reaches the first again, though it still serves.
# Whoever serves at a path (grpc+unix://...) must look himself whether somebody answers there.
# Seen with pyarrow 26.0.1 on Python 3.11, Linux; both servers are in one process, nothing is patched.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q pyarrow==26.0.1
cat >"$work/two.py" <<'PY'
import pathlib
import sys

import pyarrow as pa
from pyarrow import flight


class Named(flight.FlightServerBase):
    def __init__(self, place, name):
        super().__init__(place)
        self.name = name

    def do_get(self, context, ticket):
        return flight.RecordBatchStream(pa.table({"who": [self.name]}))


def who(place):
    with flight.connect(place) as client:
        return client.do_get(flight.Ticket(b"")).read_all()["who"][0].as_py()


def refused(what, *args):
    try:
        what(*args)
    except pa.ArrowException as error:
        return type(error).__name__
    raise SystemExit(f"{what.__name__}{args} is not refused")


at_port = Named("grpc://127.0.0.1:0", "first")
print("a second server at a port:", refused(Named, f"grpc://127.0.0.1:{at_port.port}", "second"))
at_port.shutdown()

path = pathlib.Path(sys.argv[1])
place = f"grpc+unix://{path}"
first = Named(place, "first")
assert who(place) == "first"
second = Named(place, "second")
print("at a socket both start, and who connects reaches the", who(place))
assert who(place) == "second", "the first keeps its place now"
second.shutdown()
print("after the second has ended the file is there:", path.exists(), "and the first is reached:", refused(who, place))
assert not path.exists()
first.shutdown()
PY
"$work/venv/bin/python" "$work/two.py" "$work/socket" 2>"$work/grpc.log"
