#!/bin/bash
# An answer that ccxt cannot read is an empty one: where an exchange (or a proxy before it) answers 200 with half of the
# JSON, with an HTML page or with nothing at all, Exchange.parse_json() gives None, the body goes on as text, and the
# unified methods find nothing in it. fetch_ohlcv() and fetch_trades() of kraken return [] then, exactly as for a market
# in which nobody traded, and load_markets() returns {}: no exception, no warning. Whoever fills gaps from it takes a
# failed request for a quiet minute. What tells them apart is Exchange.last_json_response, with enableLastJsonResponse.
# Seen with ccxt 4.5.90 on Python 3.11; the HTTP server is a local one, nothing is patched but the address.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q ccxt==4.5.90
"$work/venv/bin/python" - <<'PY'
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import ccxt

MINUTE = [1_719_927_000, "10", "12", "9", "11", "10.5", "3.0", 4]
WHOLE = {
    "Assets": {code: {"aclass": "currency", "altname": code, "decimals": 8} for code in ("A", "USD")},
    "AssetPairs": {
        "AUSD": {"altname": "AUSD", "wsname": "A/USD", "base": "A", "quote": "USD", "pair_decimals": 2, "lot_decimals": 8,
                 "leverage_buy": [], "fees": [], "fees_maker": [], "ordermin": "1", "status": "online"},
    },
    "OHLC": {"AUSD": [MINUTE], "last": MINUTE[0]},
    "Trades": {"AUSD": [["10", "1.0", 1_719_927_000.5, "b", "l", "", 1]], "last": "1719927000500000000"},
}
HTML = b"<html><body>We will be back soon.</body></html>"
damage = {"whole": lambda body: body, "cut": lambda body: body[:-10], "html": lambda _: HTML, "nothing": lambda _: b""}
how = "whole"


class Kraken(BaseHTTPRequestHandler):
    def do_GET(self):
        result = WHOLE[self.path.partition("?")[0].rpartition("/")[2]]
        body = damage[how](json.dumps({"error": [], "result": result}).encode())
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Kraken)
threading.Thread(target=server.serve_forever, daemon=True).start()


def exchange():
    url = f"http://127.0.0.1:{server.server_address[1]}"
    return ccxt.kraken({"urls": {"api": {"public": url}}, "rateLimit": 1, "enableLastJsonResponse": True})


known = exchange()
known.load_markets()
assert len(known.fetch_ohlcv("A/USD", "1m")) == len(known.fetch_trades("A/USD")) == 1
for how in ("cut", "html", "nothing"):
    candles, trades, markets = known.fetch_ohlcv("A/USD", "1m"), known.fetch_trades("A/USD"), exchange().load_markets()
    print(f"{how}: candles {candles}, trades {trades}, markets {markets}, JSON {known.last_json_response}")
    assert (candles, trades, markets, known.last_json_response) == ([], [], {}, None)
PY
