"""Massive's flat files as its documentation shows them, in a folder or in moto's S3, which asks for keys.

https://massive.com/docs/flat-files/stocks/minute-aggregates
"""

import gzip
import logging
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from actors.vendors.massive.keys import MassiveFilesKeys
from messages import Bar

BUCKET = "flatfiles"
_HEADER = "ticker,volume,open,close,high,low,window_start,transactions"


def path_of(date: str) -> str:
    """Return where a day lies in the bucket."""
    return f"us_stocks_sip/minute_aggs_v1/{date[:4]}/{date[5:7]}/{date}.csv.gz"


def file_of(bars: Iterable[Bar]) -> bytes:
    """Return a day: ticker by ticker, as the files are sorted."""
    rows = [
        (bar.symbol, bar.volume, bar.open, bar.close, bar.high, bar.low, bar.start_ns, round(bar.trades or 1))
        for bar in sorted(bars, key=lambda bar: (bar.symbol, bar.start_ns))
    ]
    return gzip.compress("\n".join([_HEADER, *(",".join(map(str, row)) for row in rows), ""]).encode(), compresslevel=1)


def put(folder: Path, date: str, body: bytes) -> None:
    """Write a day into a folder that stands for the store."""
    path = folder / BUCKET / path_of(date)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)


class S3Store(msgspec.Struct, frozen=True):
    """Where it is, and who is let in."""

    place: str
    keys: MassiveFilesKeys


@contextmanager
def s3_store_with(days: dict[str, bytes]) -> Iterator[S3Store]:
    """Yield moto's S3 with these days in the bucket; whoever has other keys than it says is refused."""
    import boto3
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # which else tells of each request
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    place = f"http://{host}:{port}"
    try:
        anybody = {"aws_access_key_id": "anybody", "aws_secret_access_key": "anybody", "region_name": "us-east-1"}
        iam, s3 = (boto3.client(name, endpoint_url=place, **anybody) for name in ("iam", "s3"))
        iam.create_user(UserName="user")
        iam.put_user_policy(UserName="user", PolicyName="reads", PolicyDocument=_READS)
        key = iam.create_access_key(UserName="user")["AccessKey"]
        s3.create_bucket(Bucket=BUCKET)
        for date, body in days.items():
            s3.put_object(Bucket=BUCKET, Key=path_of(date), Body=body)
        _ask_for_keys(place, from_request=0)
        yield S3Store(place, MassiveFilesKeys(key=key["AccessKeyId"], secret=key["SecretAccessKey"]))
    finally:
        _ask_for_keys(place, from_request=1_000_000_000)  # it is the process's
        server.stop()


_READS = """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}"""


def _ask_for_keys(place: str, from_request: int) -> None:
    told = urllib.request.Request(  # a port of this computer
        f"{place}/moto-api/reset-auth", data=str(from_request).encode(), headers={"Content-Type": "text/plain"}
    )
    urllib.request.urlopen(told, timeout=20).close()
