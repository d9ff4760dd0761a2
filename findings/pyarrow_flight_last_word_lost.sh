#!/bin/bash
# A client of Arrow Flight that writes to an exchange which the server has ended loses what the server had said before:
# the writes raise nothing, and the next read_chunk() raises StopIteration, as if the server had ended without a word.
# The message had been sent, and has arrived: a client that does not write meanwhile reads it. What the
# client had not read yet is thrown away with the call, whose status is OK, so nobody is told.
# So a server's last message (a result, or why it ends) is lost to whoever streams to it, as clients do that send what
# they have, or credits. What helps: after its last message the server goes on reading until the client ends.
# Seen with pyarrow 26.0.1 on Python 3.11; server and client are in one process over loopback, nothing is patched.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q pyarrow==26.0.1
"$work/venv/bin/python" - <<'PY'
import contextlib
import threading

import pyarrow as pa
from pyarrow import flight

ENDED = threading.Semaphore(0)


class Server(flight.FlightServerBase):
    def do_exchange(self, context, descriptor, reader, writer):
        writer.begin(pa.schema([]))
        reader.read_chunk()
        writer.write_metadata(b"the last word")
        if descriptor.command == b"patient":
            for _ in reader:
                pass
        ENDED.release()


def last_word(client, command, goes_on_writing):
    writer, reader = client.do_exchange(flight.FlightDescriptor.for_command(command))
    writer.write_metadata(b"first")
    if command != b"patient":
        ENDED.acquire()
        threading.Event().wait(0.05)  # the end has arrived here, too
    for _ in range(3 if goes_on_writing else 0):
        writer.write_metadata(b"more")  # raises nothing
    try:
        return reader.read_chunk().app_metadata.to_pybytes()
    except StopIteration:
        return "lost"
    finally:
        with contextlib.suppress(pa.ArrowException):
            writer.close()


with Server() as server, flight.connect(("localhost", server.port)) as client:
    quiet = {last_word(client, b"", False) for _ in range(10)}
    busy = {last_word(client, b"", True) for _ in range(10)}
    patient = {last_word(client, b"patient", True) for _ in range(10)}

assert quiet == {b"the last word"}, quiet
assert busy == {"lost"}, busy
assert patient == {b"the last word"}, patient
print("read without writing:", *quiet, "- writing meanwhile:", *busy, "- from a server that reads on:", *patient)
PY
