#!/usr/bin/env bash
# ib_async 2.1.0: with IB.RaiseRequestErrors = True, a historical request that TWS refuses as invalid (error 321) raises
# nothing: it waits for its whole timeout, a minute by default, and returns an empty list.
#
# 321 ("Error validating request": a bar size that there is not, a contract that lacks its expiry) is in the wrapper's
# list of warnings, and a warning does not end a request. The answer is the same as that of a contract that was not
# traded, and of one whose time ran out: nothing that the caller holds tells them apart. Error 162 (the pace) does raise
# with that switch; without it, as by default, it is an empty list as well.
# Expected: RaiseRequestErrors raises what TWS says of the request, 321 first of all; a timeout is not an empty answer.
# The TWS here is one of our own on loopback that speaks the protocol of version 178; the client is untouched.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check ib_async==2.1.0 2>&1 | { grep -v WARNING || true; }

"$work/venv/bin/python" -W ignore - <<'PY'
import asyncio
import logging
import socket
import struct
import threading
import time

from ib_async import IB, RequestError, Stock
from ib_async.ib import StartupFetchNONE

logging.disable()
SAYS = {
    "WRONG": (321, "Error validating request.-'bN' : cause - Invalid bar size"),
    "FAST": (162, "Historical Market Data Service error message:Historical data request pacing violation"),
}
"""By symbol what a request for it is answered with; any other has no trades."""


def tws(listener):
    connection, _ = listener.accept()
    stream = connection.makefile("rb")

    def send(*fields):
        body = b"".join(str(field).encode() + b"\0" for field in fields)
        connection.sendall(struct.pack(">I", len(body)) + body)

    def message():
        head = stream.read(4)
        return stream.read(struct.unpack(">I", head)[0]).decode().split("\0") if len(head) == 4 else None

    stream.read(4)
    message()
    send(178, "20240702 09:30:00 EST")
    while fields := message():
        if fields[0] == "71":  # start
            send(15, 1, "DU1")
            send(9, 1, 1)
        elif fields[0] == "61":  # positions
            send(62, 1)
        elif fields[0] == "20":  # history
            said = SAYS.get(fields[3])
            send(4, 2, fields[1], *said, "") if said else send(17, fields[1], "", "", 0)


async def asked(ib, symbol):
    """What a request comes to whose timeout is two seconds, and after how many."""
    began = time.monotonic()
    try:
        rows = await ib.reqHistoricalDataAsync(
            Stock(symbol, "SMART", "USD"), "", "1 D", "1 min", "TRADES", False, timeout=2
        )
        came = f"a list of {len(rows)}"
    except RequestError as error:
        came = f"RequestError {error.code}"
    return came, round(time.monotonic() - began)


async def main():
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=tws, args=(listener,), daemon=True).start()
    ib = IB()
    ib.RaiseRequestErrors = True
    await ib.connectAsync("127.0.0.1", listener.getsockname()[1], fetchFields=StartupFetchNONE)
    found = {symbol: await asked(ib, symbol) for symbol in ("QUIET", "FAST", "WRONG")}
    ib.RaiseRequestErrors = False
    default = await asked(ib, "FAST")
    ib.disconnect()
    return found, default


found, default = asyncio.run(main())
print("not traded:                  %s after %s s" % found["QUIET"])
print("refused for the pace (162):  %s after %s s" % found["FAST"])
print("refused as invalid (321):    %s after %s s" % found["WRONG"])
print("the pace, by default:        %s after %s s" % default)

assert found["QUIET"] == ("a list of 0", 0)
assert found["FAST"] == ("RequestError 162", 0)
assert found["WRONG"] == ("a list of 0", 2), "the surprise is gone"
assert default == ("a list of 0", 0), "the surprise is gone"
PY
