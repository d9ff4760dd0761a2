"""A real S3 on loopback, moto's, started once for all tests that ask for it; its buckets are in memory."""

import atexit
import os
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count

import pytest

KEYS = {"AWS_ACCESS_KEY_ID": "AKIANOBODY", "AWS_SECRET_ACCESS_KEY": "s3cr3t-of-nobody", "AWS_REGION": "us-east-1"}
_numbers = count()


@cache
def endpoint() -> str:
    """Return where it listens; where moto is not installed the test is skipped."""
    os.environ.setdefault("AWS_ACCESS_KEY_ID", "AKIANOBODY")  # moto asks for some when it is imported
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "s3cr3t-of-nobody")
    server = pytest.importorskip("moto.server").ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    atexit.register(server.stop)
    host, port = server.get_host_and_port()
    return f"http://{host}:{port}"


@contextmanager
def new_bucket() -> Iterator[str]:
    """Yield where a store may be, while the environment says how that is reached."""
    name = f"bucket-{next(_numbers)}"
    urllib.request.urlopen(urllib.request.Request(f"{endpoint()}/{name}", method="PUT")).close()
    with pytest.MonkeyPatch.context() as patch:
        for key, value in {**KEYS, "AWS_ENDPOINT_URL": endpoint()}.items():
            patch.setenv(key, value)
        yield f"s3://{name}/minutes"
