"""The names under which events can be subscribed to."""

import pytest

from actors.kernel.listen.fanout import Fanout
from actors.kernel.listen.topics import EVENTS, classes_of
from actors.settings import Settings
from actors.storage.memory import MemoryStore
from actors.wiring import House
from messages import Room, SettingsError
from messages.events import MinuteSettled
from messages.feeds import FeedConnected, FeedEnded, FeedLost, MessagesRejected, SymbolsRefused
from messages.lifecycle import LagChanged


def test_everything_that_subscribers_are_told_has_a_name() -> None:
    house = House(Settings(store="memory", calendar="XNYS"), MemoryStore())
    told = {
        kind
        for kind, to in house._routes[Room.SESSION_DATA].items()
        if any(isinstance(address, Fanout) for address in to)
    }
    house.close_stores()

    assert told - {MinuteSettled} == classes_of(EVENTS)


def test_one_name_may_stand_for_several_classes_and_several_names_for_all_of_theirs() -> None:
    assert classes_of(["feeds", "lag"]) == {
        FeedConnected,
        FeedLost,
        FeedEnded,
        SymbolsRefused,
        MessagesRejected,
        LagChanged,
    }


def test_an_unknown_name_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(SettingsError, match="unknown event 'trades'; there are bars, minutes, sessions"):
        classes_of(["bars", "trades"])
