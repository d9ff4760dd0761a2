"""A real PostgreSQL on loopback, started once for all tests that ask for it."""

import atexit
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from threading import Thread

import psycopg
import pytest

PASSWORD = "s3/cr@t%"
QUOTED = "s3%2Fcr%40t%25"
_numbers = count()


def _program(name: str) -> str | None:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))  # where Debian has those of each version
    return str(found[-1]) if found else shutil.which(name)


@cache
def port() -> int:
    """Return where the server listens; without one the test is skipped."""
    programs = [_program(name) for name in ("initdb", "postgres")]
    as_somebody: list[str] = []
    if os.getuid() == 0:  # it refuses root
        users = {entry.pw_name for entry in pwd.getpwall()}
        if "postgres" not in users or shutil.which("runuser") is None:
            pytest.skip("there is no user for PostgreSQL here")
        as_somebody = ["runuser", "-u", "postgres", "--"]
    initdb, postgres = programs
    if initdb is None or postgres is None:
        pytest.skip("there is no PostgreSQL here")
    folder = Path(tempfile.mkdtemp(prefix="barkeeper-postgres-"))
    if as_somebody:
        shutil.chown(folder, "postgres")
    secret = folder / "secret"
    secret.write_text(PASSWORD)
    secret.chmod(0o644)
    made = [initdb, "-D", str(folder / "data"), "-U", "keeper", "-E", "UTF8", "--locale=C", "--no-sync"]
    subprocess.run(
        [*as_somebody, *made, "-A", "scram-sha-256", f"--pwfile={secret}"], check=True, capture_output=True, cwd="/"
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = int(free.getsockname()[1])
    options = ["-p", str(place), "-k", str(folder), "-h", "127.0.0.1", "-F", "-c", "shared_buffers=32MB"]
    server = subprocess.Popen(
        [*as_somebody, postgres, "-D", str(folder / "data"), *options], stderr=subprocess.PIPE, text=True, cwd="/"
    )

    def stop() -> None:
        number = (folder / "data" / "postmaster.pid").read_text().split()[0]
        os.kill(int(number), 2)  # SIGINT: at once, whoever is connected
        server.wait(60)
        shutil.rmtree(folder, ignore_errors=True)  # it may be tidying up itself

    atexit.register(stop)
    assert server.stderr is not None
    assert any("ready to accept connections" in line for line in server.stderr)
    Thread(target=lambda: [None for _ in server.stderr or ()], daemon=True).start()  # its words would fill the pipe
    return place


def address(schema: str, password: str = QUOTED) -> str:
    """Return where a store may be."""
    return f"postgresql://keeper:{password}@127.0.0.1:{port()}/postgres?schema={schema}"


def connection() -> psycopg.Connection:
    """Connect as who may do everything."""
    return psycopg.connect(
        host="127.0.0.1", port=port(), user="keeper", password=PASSWORD, dbname="postgres", autocommit=True
    )


@contextmanager
def new_schema() -> Iterator[str]:
    """Yield the name of a schema that is not there, and remove it afterwards."""
    name = f"store_{next(_numbers)}"
    port()
    yield name
    with connection() as server:
        server.execute(f'drop schema if exists "{name}" cascade')  # type: ignore[arg-type]
