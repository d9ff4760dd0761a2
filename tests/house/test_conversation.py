"""Who says what to whom: every class that can be emitted has a route, and every route leads to who understands it."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

import messages
from actors.kernel.address import RoomAddress
from actors.kernel.shell import Routes
from actors.settings import Settings
from actors.storage.memory import MemoryStore
from actors.wiring import House
from messages import (
    Command,
    Control,
    Event,
    Message,
    Query,
    Room,
    base,
    certificates,
    codec,
    commands,
    errors,
    events,
    feeds,
    history,
    inboxes,
    joining,
    lifecycle,
    listeners,
    queries,
    readiness,
    repairs,
    replies,
    supervision,
    values,
)
from messages.tables import columns, matrices, windows
from tests.house.source import ROOT, calls, sources, tree

VOCABULARY = (
    base,
    certificates,
    codec,
    columns,
    commands,
    errors,
    events,
    feeds,
    history,
    joining,
    lifecycle,
    listeners,
    matrices,
    queries,
    readiness,
    repairs,
    replies,
    supervision,
    values,
    windows,
)
INBOXES: dict[Room, frozenset[type[Message]]] = {
    Room.SESSION_DATA: frozenset(get_args(inboxes.SessionDataInbox)),
    Room.STREAM_COORDINATOR: frozenset(get_args(inboxes.LiveStreamInbox)),
    Room.DATA_UPKEEP: frozenset(get_args(inboxes.DataUpkeepInbox)),
    Room.SYSTEM_MANAGER: frozenset(get_args(inboxes.SystemManagerInbox)),
}
# What reads for a room tells its outcome to that room by address: there is no route to take.
READERS = {"loader.py", "planning.py", "fetcher.py", "keeper.py", "probe.py"}
ROOMS = list(INBOXES)


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    made = House(Settings(store="memory", calendar="XNYS"), MemoryStore())
    yield made
    made.clock.close()


def routes(house: House, room: Room) -> Routes:
    return house._routes[room]


def kinds(*bases: type[Message]) -> set[type[Message]]:
    """Return every message class of the vocabulary that is one of these kinds, the kinds themselves left out."""
    things = [thing for module in VOCABULARY for thing in vars(module).values() if isinstance(thing, type)]
    return {kind for kind in things if issubclass(kind, bases) and kind.__module__ != base.__name__}


def emitted(paths: Iterable[Path]) -> set[type[Message]]:
    """Return the events and commands that these files make."""
    names = {call.func.id for path in paths for call in calls(tree(path)) if isinstance(call.func, ast.Name)}
    return {kind for kind in kinds(Event, Command) if kind.__name__ in names}


def handled(paths: Iterable[Path]) -> set[str]:
    """Return the names of the classes that these files match on, or tell apart by ``type(message) is ...``."""
    nodes = [node for path in paths for node in ast.walk(tree(path))]
    arms = [node.cls for node in nodes if isinstance(node, ast.MatchClass)]
    looks = [node for node in nodes if isinstance(node, ast.Compare) and isinstance(node.left, ast.Call)]
    told = [look.comparators[0] for look in looks if ast.unparse(look).startswith("type(")]
    return {name.id for name in (*arms, *told) if isinstance(name, ast.Name)}


def room_files(room: Room) -> list[Path]:
    return [path for path in sources(f"actors/{room}") if path.name not in READERS]


@pytest.mark.parametrize("room", ROOMS)
def test_what_a_core_can_say_has_a_route(house: House, room: Room) -> None:
    assert emitted(room_files(room)) <= set(routes(house, room))


@pytest.mark.parametrize("room", ROOMS)
def test_what_has_a_route_is_said_or_passed_on(house: House, room: Room) -> None:
    assert set(routes(house, room)) <= emitted(room_files(room)) | INBOXES[room]


@pytest.mark.parametrize("room", ROOMS)
def test_a_route_to_a_room_carries_only_what_that_room_understands(house: House, room: Room) -> None:
    shell = {inboxes.ShellInbox}
    lost = [
        (kind.__name__, to)
        for kind, addresses in routes(house, room).items()
        for to, address in house.rooms.items()
        if address in addresses and kind not in INBOXES[to] | shell
    ]

    assert not lost


@pytest.mark.parametrize("room", ROOMS)
def test_every_route_leads_somewhere(house: House, room: Room) -> None:
    assert all(addresses for addresses in routes(house, room).values())


@pytest.mark.parametrize("room", ROOMS)
def test_every_member_of_an_inbox_has_an_arm_of_its_own(room: Room) -> None:
    assert {kind.__name__ for kind in INBOXES[room]} <= handled(room_files(room))


def test_what_readers_tell_their_room_is_in_its_inbox() -> None:
    assert emitted([ROOT / "actors/data_upkeep/loader.py"]) <= INBOXES[Room.DATA_UPKEEP]
    assert emitted([ROOT / "actors/stream_coordinator/backtest/planning.py"]) <= INBOXES[Room.STREAM_COORDINATOR]


def test_what_every_shell_tells_its_boss_is_in_the_managers_inbox() -> None:
    told = emitted([ROOT / "actors/kernel/shell.py"])

    assert told
    assert told <= INBOXES[Room.SYSTEM_MANAGER]


@pytest.mark.parametrize("question", sorted(kinds(Query), key=str))
def test_every_query_and_control_is_in_exactly_one_inbox(question: type[Message]) -> None:
    assert sum(question in inbox for inbox in INBOXES.values()) == 1


def test_every_room_has_an_inbox_and_an_address(house: House) -> None:
    assert set(INBOXES) == set(house.rooms) == set(Room) - {Room.STORES}
    assert all(isinstance(address, RoomAddress) for address in house.rooms.values())


def test_what_a_journal_may_hold_is_understood_by_session_data_and_changes_it() -> None:
    journaled = set(get_args(inboxes.Journaled))

    assert journaled <= INBOXES[Room.SESSION_DATA]
    assert not [kind for kind in journaled if issubclass(kind, Query) and not issubclass(kind, Control)]


def test_every_noun_of_the_vocabulary_can_be_imported_from_messages() -> None:
    shared_ground = {"Columnar", "PriceColumns", "BarColumns"}  # of batches and windows; nobody names it
    nouns = {name for module in VOCABULARY for name, thing in vars(module).items() if is_public_noun(module, thing)}

    assert nouns - shared_ground == set(messages.__all__)
    assert all(hasattr(messages, name) for name in messages.__all__)


def is_public_noun(module: Any, thing: object) -> bool:
    return isinstance(thing, type) and thing.__module__ == module.__name__ and not thing.__name__.startswith("_")


@pytest.mark.parametrize("required", ["BarArrived", "GapDetected", "SessionBoundary", "Prefetch"])
def test_the_mandated_names_are_importable_from_messages(required: str) -> None:
    assert issubclass(getattr(messages, required), msgspec.Struct)


@pytest.mark.parametrize("news", sorted(get_args(inboxes.LiveNews), key=str))
def test_news_of_a_live_day_reach_subscribers_by_way_of_session_data(house: House, news: type[Message]) -> None:
    assert routes(house, Room.STREAM_COORDINATOR)[news] == (house.session_data,)
    assert house.fanout in routes(house, Room.SESSION_DATA)[news]


@pytest.mark.parametrize(
    ("room", "kind"),
    [
        (Room.STREAM_COORDINATOR, events.RunReady),
        (Room.SESSION_DATA, feeds.FeedSettled),
        (Room.SESSION_DATA, events.SymbolsChanged),
    ],
)
def test_what_concerns_the_feeds_is_told_to_their_desk(house: House, room: Room, kind: type[Message]) -> None:
    assert house.feeds in routes(house, room)[kind]


def test_whatever_a_feed_may_tell_is_understood_on_a_live_day_and_only_there() -> None:
    feed_events = set(get_args(feeds.FeedEvent))

    assert feed_events <= INBOXES[Room.STREAM_COORDINATOR]
    assert not feed_events & set(get_args(inboxes.StreamCoordinatorInbox))
