"""Yahoo as yfinance meets it: cookies, a crumb, the chart, all by TLS, behind a proxy that leads every host to us.

There is no documentation; what answers look like is what yfinance reads in them (``yfinance/data.py`` and
``scrapers/history.py``, 1.7).
"""

import atexit
import contextlib
import json
import os
import shutil
import socket
import ssl
import tempfile
import threading
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import trustme

from actors.vendors.history.pages import HistoryRequest, OpenedHistory
from actors.vendors.yahoo import VENDOR
from actors.vendors.yahoo.open_history import open_yahoo
from messages import Bar
from messages.values import SECOND_NS
from tests.vendors.history.http_server import Reply, VendorServer
from tests.vendors.history.world import HttpWorld

_AUTHORITY = trustme.CA()
_HOSTS = ("query1.finance.yahoo.com", "query2.finance.yahoo.com", "fc.yahoo.com", "guce.yahoo.com")
_CHART = "/v8/finance/chart/"


class ChartServer(VendorServer):
    """Only charts are counted, and keep the pace or fail.

    Args:
        bars: what there is.
        more: see ``VendorServer``.
    """

    def __init__(self, bars: Iterable[Bar], **more: Any) -> None:
        self._rows: dict[str, list[Bar]] = {}
        for bar in sorted(bars, key=lambda bar: bar.start_ns):
            self._rows.setdefault(bar.symbol, []).append(bar)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        _AUTHORITY.issue_cert(*_HOSTS).configure_cert(tls)
        super().__init__(tls=tls, **more)
        self.proxy = Proxy(self._server.server_address[1])
        os.environ["REQUESTS_CA_BUNDLE"] = str(_bundle())

    def stop(self) -> None:
        super().stop()
        self.proxy.stop()
        os.environ.pop("REQUESTS_CA_BUNDLE", None)

    def handle(self, path: str, query: dict[str, str], headers: dict[str, str]) -> Reply | str:
        if path == "/v1/test/getcrumb":
            return Reply(b"crumb")
        if not path.startswith(_CHART):
            return Reply(b"", 404)
        return super().handle(path, query, headers)

    def answer(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        symbol = path.removeprefix(_CHART)
        if "not-a" in symbol:
            error = {"code": "Not Found", "description": "No data found, symbol may be delisted"}
            return Reply(json.dumps({"chart": {"result": None, "error": error}}).encode(), 404)
        first, end = int(query["period1"]), int(query["period2"])
        rows = [bar for bar in self._rows.get(symbol, []) if first <= bar.start_ns // SECOND_NS < end]
        quotes = {name: [getattr(bar, name) for bar in rows] for name in ("open", "high", "low", "close", "volume")}
        times = [bar.start_ns // SECOND_NS for bar in rows]
        result = {"meta": {"symbol": symbol}, "timestamp": times, "indicators": {"quote": [quotes]}}
        if not rows:
            result = {"meta": {"symbol": symbol}, "indicators": {"quote": [{}]}}
        return Reply(json.dumps({"chart": {"result": [result], "error": None}}).encode())

    def too_fast(self, after_s: float) -> Reply:
        return Reply(b"Too Many Requests\r\n", 429)


@cache
def _bundle() -> Path:
    """Write down whom to trust, once: yfinance's session is the process's, and looks where it has looked before."""
    path = Path(tempfile.mkdtemp(prefix="barkeeper-")) / "authority.pem"
    _AUTHORITY.cert_pem.write_to_path(str(path))
    atexit.register(shutil.rmtree, path.parent, ignore_errors=True)
    return path


class Proxy:
    """Leads whoever wants to be connected anywhere to one port of this computer."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def stop(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                asked, _ = self._listening.accept()
                threading.Thread(target=self._lead, args=(asked,), daemon=True).start()

    def _lead(self, asked: socket.socket) -> None:
        with asked, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port)) as there:
            heard = b""
            while not heard.endswith(b"\r\n\r\n"):
                piece = asked.recv(4096)
                if not piece:
                    return
                heard += piece
            asked.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pass_on, args=(there, asked), daemon=True)
            back.start()
            _pass_on(asked, there)
            back.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


class YahooChart(HttpWorld):
    """Yahoo through yfinance."""

    entry = VENDOR.history[0]
    tape = "chart"
    symbols = ("AAPL", "MSFT", "TSLA")
    requests_a_question = 2
    requests_in_vain = 4  # the page of each symbol before it; and yfinance itself asks a second time
    says_how_long = False
    pages = False
    way_s = 1.0

    def __init__(
        self,
        bars: Iterable[Bar],
        *,
        pace: tuple[int, float] | None = None,
        rows_a_page: int | None = None,
        server: ChartServer | None = None,
    ) -> None:
        self.server = server or ChartServer(bars, pace=pace)

    def open(self, request: HistoryRequest, *, wrong_keys: bool = False) -> OpenedHistory:
        opened = open_yahoo(msgspec.structs.replace(request, options={"proxy": self.server.proxy.url}))
        opened.client._now_ns = lambda: self.session.end_ns  # type: ignore[attr-defined]  # the days are long ago
        return opened

    def vanish(self) -> None:
        self.server.proxy.stop()
        self.server.proxy.stop = lambda: None  # type: ignore[method-assign]  # it has been
