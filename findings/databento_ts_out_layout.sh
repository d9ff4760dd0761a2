#!/usr/bin/env bash
# databento 0.88.0: to_ndarray() of a live recording with ts_out changes the layout of every later file in the process.
#
# DBNStore.to_ndarray appends ("ts_out", "u8") to the list of fields that belongs to the record's class. From then on a
# sound file of the same schema, read by a store of its own, is cut into records of 64 bytes instead of 56: 14 bars of
# price 10.0 become 12 of prices such as 5e-09 and 1719878640.0, without an error or a warning, by to_ndarray and by
# to_df. The recording itself can be read once, and then raises "field 'ts_out' occurs more than once".
# Expected: what is read of one file does not depend on what was read before.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
    databento==0.88.0 databento-dbn==0.70.0 pandas==2.3.3 numpy==2.3.5 2>&1 | { grep -v WARNING || true; }

"$work/venv/bin/python" -W ignore - <<'PY'
import databento
import databento_dbn as dbn

START = 1_719_878_400 * 10**9


def bar(minute, **more):
    return bytes(
        dbn.OHLCVMsg(
            rtype=33, publisher_id=2, instrument_id=7, ts_event=START + minute * 60 * 10**9,
            open=10**10, high=10**10, low=10**10, close=10**10, volume=5, **more,
        )
    )


def head(schema, **more):
    return dbn.Metadata(
        dataset="XNAS.ITCH", start=START, end=None, stype_in=schema and dbn.SType.RAW_SYMBOL,
        stype_out=dbn.SType.INSTRUMENT_ID, schema=schema, symbols=[], partial=[], not_found=[], mappings=[], **more,
    ).encode()


def closes(raw):
    return (databento.DBNStore.from_bytes(raw).to_ndarray("ohlcv-1m")["close"] / 1e9).tolist()


plain = head(dbn.Schema.OHLCV_1M) + b"".join(bar(minute) for minute in range(14))
recording = head(None, ts_out=True) + b"".join(bar(minute, ts_out=1) for minute in range(3))

before = closes(plain)
print("14 bars, read first:              ", before)
print("a recording with ts_out:          ", closes(recording))
after = closes(plain)
print("the same 14 bars, read once more: ", after)
try:
    closes(recording)
    again = "read"
except ValueError as error:
    again = str(error)
print("the recording once more:          ", again)

assert before == [10.0] * 14
assert len(after) == 12 and after[:2] == [10.0, 5e-09], "the surprise is gone"
assert again == "field 'ts_out' occurs more than once", "the surprise is gone"
PY
