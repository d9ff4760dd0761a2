"""What people plug in is looked at when it is plugged in: what it lacks, or has of another kind, is named."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from actors.feeds.jsonlines.feed import JsonLinesFeed
from actors.feeds.jsonlines.line_source import SocketSource
from actors.kernel.ask import plugs
from messages import SettingsError
from messages.values import ONE_MINUTE, Interval
from tests.feeds.scripted import ScriptedFeed
from tests.upstreams import Upstream

SOURCE = {
    "name": "mine",
    "is_authoritative": False,
    "delay_ns": 0,
    "most_symbols": None,
    "fetch": print,
    "close": print,
}
MEMBERS = {
    "name": ("", None, 5),
    "is_authoritative": (None, "no"),
    "delay_ns": (-1, None, "1", float("nan")),
    "most_symbols": (0, -1, "5", 2.5),
    "close": (None,),
}


def with_member(name: str, value: object) -> Any:
    return SimpleNamespace(**{**SOURCE, name: value})


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in MEMBERS.items() for value in values])
def test_a_member_of_another_kind_is_named(name: str, value: object) -> None:
    with pytest.raises(SettingsError, match=f"sources: SimpleNamespace has .* for {name}; .* is expected"):
        plugs.sources([with_member(name, value)])


@pytest.mark.parametrize("name", sorted(SOURCE.keys() - {"fetch"}))
def test_what_is_lacking_is_named(name: str) -> None:
    part = SimpleNamespace(**{key: value for key, value in SOURCE.items() if key != name})

    with pytest.raises(SettingsError, match=f"sources: SimpleNamespace has no {name}; a BarSource has fetch, name, "):
        plugs.sources(part)


def test_a_name_is_told_where_names_are_taken() -> None:
    with pytest.raises(SettingsError, match=r"sources: 'alpaca' is a place; .* named in fill_from"):
        plugs.sources("alpaca")
    with pytest.raises(SettingsError, match=r"feeds: 'alpaca' is a name, as `live --feed` takes it; .* AlpacaFeed"):
        plugs.feeds(["alpaca"], ONE_MINUTE)


def test_a_class_is_not_one_of_its_things() -> None:
    with pytest.raises(SettingsError, match="sources: Upstream is a class"):
        plugs.sources(Upstream)
    with pytest.raises(SettingsError, match="feeds: ScriptedFeed is a class"):
        plugs.feeds([ScriptedFeed], ONE_MINUTE)


def test_a_member_that_raises_is_named() -> None:
    class Mine(Upstream):
        @property
        def name(self) -> str:
            raise ValueError("not yet")

        @name.setter
        def name(self, _: str) -> None: ...

    with pytest.raises(SettingsError, match=r"cannot say its name: ValueError\('not yet'\)"):
        plugs.sources(Mine())


def test_what_has_all_is_taken_alone_or_among_others() -> None:
    one, other = with_member("delay_ns", np.int64(5)), with_member("most_symbols", 1)

    assert plugs.sources(one) == (one,)
    assert plugs.sources([one, other]) == (one, other)
    assert plugs.sources(()) == ()


def test_feeds_have_names_of_their_own_and_bars_of_the_sessions_length() -> None:
    def feed(**more: Any) -> JsonLinesFeed:
        return JsonLinesFeed(SocketSource("127.0.0.1", 1), **more)

    second = Interval.parse("1s")
    assert len(plugs.feeds([feed(), feed(name="other")], ONE_MINUTE)) == 2
    assert len(plugs.feeds(feed(interval="1s"), second)) == 1
    assert len(plugs.feeds(feed(has_bars=False), second)) == 1
    with pytest.raises(SettingsError, match="feeds: two are called jsonlines"):
        plugs.feeds([feed(), feed()], ONE_MINUTE)
    with pytest.raises(SettingsError, match="jsonlines sends bars of 1m, and the session is made of 1s"):
        plugs.feeds([feed()], second)
