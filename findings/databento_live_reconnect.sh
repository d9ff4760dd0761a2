#!/usr/bin/env bash
# databento 0.88.0: Live(reconnect_policy="reconnect") connects again after a reset if the gateway is there at that very
# moment, and otherwise not at all.
#
# A gateway that is away for a second is tried once, 0.0 s after the loss: the refusal ends the client for good. A gateway
# that closes its connection in order (FIN), as a server does that is restarted, is not tried once: the iteration ends
# like that of a finished session, without an error, and no callback is called. So what looks like a client that looks
# after its own connection loses the rest of the day to a restart of the far side.
# Expected: it tries again, with pauses, until it is told to stop; or else the loss is an error.
# The gateway here is one of our own on loopback that speaks the documented protocol; the client is untouched.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
    databento==0.88.0 databento-dbn==0.70.0 pandas==2.3.3 numpy==2.3.5 2>&1 | { grep -v WARNING || true; }

"$work/venv/bin/python" -W ignore - <<'PY'
import socket
import struct
import threading
import time

import databento
import databento_dbn as dbn

HEAD = dbn.Metadata(
    dataset="XNAS.ITCH", start=1, end=None, stype_in=None, stype_out=dbn.SType.INSTRUMENT_ID, schema=None, symbols=[],
    partial=[], not_found=[], mappings=[],
).encode()
BAR = bytes(
    dbn.OHLCVMsg(rtype=33, publisher_id=2, instrument_id=7, ts_event=60 * 10**9, open=1, high=1, low=1, close=1, volume=1)
)


def session(listener):
    """Let a client in, and send it one bar."""
    connection, _ = listener.accept()
    connection.sendall(b"lsg_version=0.7.0\ncram=abc\n")
    with connection.makefile("rb") as lines:
        lines.readline()
        connection.sendall(b"success=1|session_id=1\n")
        while b"start_session" not in lines.readline():
            pass
    connection.sendall(HEAD + BAR)
    time.sleep(0.3)
    return connection


def leave(connection, in_order):
    if in_order:
        connection.shutdown(socket.SHUT_RDWR)
    else:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def outcome(*, in_order, away_s):
    """What a client comes to whose gateway breaks off its session, is away for so long, and then there for good."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]

    def gateway():
        connection, door = session(listener), listener
        if away_s:
            listener.close()
        leave(connection, in_order)
        if away_s:
            time.sleep(away_s)
            door = socket.create_server(("127.0.0.1", port))
        kept.append(session(door))

    kept = []
    threading.Thread(target=gateway, daemon=True).start()
    client = databento.Live(
        key="db-0123456789abcdef0123456789ab", gateway="127.0.0.1", port=port, reconnect_policy="reconnect"
    )
    client.subscribe(dataset="XNAS.ITCH", schema="ohlcv-1m", symbols="A")
    bars = 0
    try:
        for record in client:
            bars += isinstance(record, dbn.OHLCVMsg)
            if bars == 2:
                return "went on in a second session"
    except databento.BentoError as error:
        return f"ended for good: {error}"
    return f"ended without an error, after {bars} bar"


there, away, restarted = (
    outcome(in_order=False, away_s=0.0), outcome(in_order=False, away_s=1.0), outcome(in_order=True, away_s=0.0)
)
print("reset, and the gateway is there:  ", there)
print("reset, and it is away for a second:", away)
print("closed in order, and it is there: ", restarted)

assert there == "went on in a second session", "not even that"
assert away.startswith("ended for good: Connection to 127.0.0.1"), "the surprise is gone"
assert restarted == "ended without an error, after 1 bar", "the surprise is gone"
PY
