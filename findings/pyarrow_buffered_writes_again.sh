#!/bin/bash
# A pyarrow.BufferedOutputStream whose sink refused a write (a full disk) has not given up when the error has been
# raised and handled: when the stream is let go, its destructor writes the same bytes once more. If there is room by
# then, they land in the file behind the back of whoever has dealt with the error; if not, C++ prints "Error ignored when
# destroying file of type ..." on the process's stderr, which neither sys.stderr, warnings nor logging can catch.
# A file object that pyarrow.parquet.write_table writes to directly is asked once.
# Seen with pyarrow 26.0.1 on Python 3.11.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q pyarrow==26.0.1
cd "$work"
cat > refused.py <<'PY'
import gc
import sys

import pyarrow as pa
import pyarrow.parquet as pq

TABLE = pa.table({"close": [1.0, 2.0]})


class Disk:
    """A file on a disk that is full for the first writes."""

    closed = False

    def __init__(self, refusals):
        self.refusals, self.asked, self.taken = refusals, 0, 0

    def write(self, data):
        self.asked += 1
        if self.asked <= self.refusals:
            raise OSError(28, "No space left on device")
        self.taken += len(data)
        return len(data)

    def tell(self):
        return self.taken

    def flush(self):
        pass

    def close(self):
        pass


def buffered(disk):
    stream = pa.BufferedOutputStream(pa.PythonFile(disk, "w"), 1 << 16)
    with pq.ParquetWriter(stream, TABLE.schema) as writer:
        writer.write_table(TABLE)
    stream.flush()


def direct(disk):
    pq.write_table(TABLE, disk)


def refused(write, refusals):
    disk = Disk(refusals)
    try:
        write(disk)
    except OSError as error:
        assert "No space left" in str(error)
        assert (disk.asked, disk.taken) == (1, 0), "so far the same"
    else:
        raise SystemExit("no error was raised")
    gc.collect()
    return disk


disk = refused(direct, 9)
print("direct: asked", disk.asked, "time, taken", disk.taken, "bytes")
assert (disk.asked, disk.taken) == (1, 0)
disk = refused(buffered, 1)
print("buffered, room again: asked", disk.asked, "times, taken", disk.taken, "bytes")
assert disk.asked == 2 and disk.taken > 0
sys.stdout.flush()
disk = refused(buffered, 9)
print("buffered, still full: asked", disk.asked, "times")
assert disk.asked == 2
PY
"$work/venv/bin/python" refused.py 2> said || { cat said; exit 1; }
echo "stderr: $(head -c 120 said)"
grep -q "Error ignored when destroying file" said
