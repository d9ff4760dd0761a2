#!/bin/bash
# ccxt folds trades into candles with Exchange.build_ohlcvc(trades, "1m"). A trade that comes a second late, after the
# first trade of the next minute, is not put into the minute of its time stamp, nor left out: it is counted in the newest
# candle, whose low (or high) becomes a price that was never traded in that minute. Exchanges send trades out of order
# where several engines match; sorted by "timestamp" first, the same trades give the right candles.
# Seen with ccxt 4.5.90 on Python 3.11.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q ccxt==4.5.90
cd "$work"
"$work/venv/bin/python" - <<'PY'
import ccxt


def trade(second, price):
    return {"id": f"{second}", "timestamp": second * 1000, "price": price, "amount": 1.0, "cost": price}


exchange = ccxt.kraken()
as_it_came = [trade(0, 10.0), trade(30, 11.0), trade(61, 20.0), trade(59, 5.0), trade(62, 21.0)]
in_order = sorted(as_it_came, key=lambda one: one["timestamp"])

for name, trades in (("as it came", as_it_came), ("in order", in_order)):
    print(name)
    for start, opened, high, low, close, volume, *_ in exchange.build_ohlcvc(trades, "1m"):
        print(f"  minute {start // 60_000}: open {opened} high {high} low {low} close {close} volume {volume}")

lows = {name: [row[3] for row in exchange.build_ohlcvc(trades, "1m")] for name, trades in
        (("came", as_it_came), ("order", in_order))}
assert lows == {"came": [10.0, 5.0], "order": [5.0, 20.0]}, lows
PY
# Output:
#   as it came
#     minute 0: open 10.0 high 11.0 low 10.0 close 11.0 volume 2.0
#     minute 1: open 20.0 high 21.0 low 5.0 close 21.0 volume 3.0
#   in order
#     minute 0: open 10.0 high 11.0 low 5.0 close 5.0 volume 3.0
#     minute 1: open 20.0 high 21.0 low 20.0 close 21.0 volume 2.0
