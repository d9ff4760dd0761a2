"""Addresses as people write them."""

from pathlib import Path

import pytest

from actors.flight.place import Place
from messages.errors import SettingsError


@pytest.mark.parametrize(
    ("given", "place"),
    [
        (8815, "grpc://127.0.0.1:8815"),
        ("8815", "grpc://127.0.0.1:8815"),
        (":0", "grpc://127.0.0.1:0"),
        ("localhost:8815", "grpc://localhost:8815"),
        ("0.0.0.0:8815", "grpc://0.0.0.0:8815"),
        ("[::1]:8815", "grpc://[::1]:8815"),
        ("grpc://data.example:8815/", "grpc://data.example:8815"),
    ],
)
def test_an_address_is_a_port_or_a_host_and_a_port(given: object, place: str) -> None:
    assert str(Place.parse(given)) == place


@pytest.mark.parametrize(
    "given", ["", "host", "host:", "1:2:3", "70000", -1, True, None, 3.0, "http://host:80", "unix:"]
)
def test_anything_else_is_refused_in_one_sentence(given: object) -> None:
    with pytest.raises(
        SettingsError, match=r"an address is a port, host:port such as 127\.0\.0\.1:8815, or unix:PATH, not"
    ):
        Place.parse(given)


@pytest.mark.parametrize(
    ("host", "is_so"),
    [
        ("127.0.0.9", True),
        ("::1", True),
        ("localhost", True),
        ("10.0.0.1", False),
        ("0.0.0.0", False),
        ("somewhere", False),
    ],
)
def test_loopback_is_this_computer_only(host: str, is_so: bool) -> None:
    assert Place(host, 1).is_loopback is is_so


def test_a_host_that_is_none_is_named() -> None:
    with pytest.raises(SettingsError, match="there is no address grpc://no host:1"):
        Place("no host", 1).resolved()


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ("unix:/run/day.sock", "grpc+unix:///run/day.sock"),
        ("unix:///run/day.sock", "grpc+unix:///run/day.sock"),
        ("unix:day.sock", f"grpc+unix://{Path.cwd()}/day.sock"),
        ("unix:/my day", "grpc+unix:///my%20day"),
        ("grpc+unix:///my%20day", "grpc+unix:///my%20day"),
    ],
)
def test_a_path_is_a_socket_of_this_computer(given: str, place: str) -> None:
    found = Place.parse(given)

    assert str(found) == place
    assert Place.parse(str(found)) == found == found.resolved()
    assert found.is_loopback


@pytest.mark.parametrize("given", ["unix:/a?b", "unix:/a#b", "grpc+unix:///50%25"])
def test_what_grpc_cannot_have_in_a_path_is_refused(given: str) -> None:
    with pytest.raises(SettingsError, match="the path of a socket has no"):
        Place.parse(given)
