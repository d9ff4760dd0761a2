"""What may be asked from elsewhere, and how strictly it is read."""

from typing import get_args

import pytest

from actors.flight import tickets
from actors.flight.tickets import QUERIES, Hello, Subscribe, of_bytes, of_json
from messages import GetBars, GetLastBars, GetMatrix, GetQuality, Interval
from messages.base import Query
from messages.codec import encode
from messages.errors import SettingsError
from messages.inboxes import DataUpkeepInbox, LiveStreamInbox, SessionDataQuery, SystemManagerInbox
from messages.queries import GetNow
from messages.repairs import GetCertificate
from messages.values import Policy

FIVE = Interval(seconds=300)


def test_every_question_that_a_room_answers_may_be_asked_and_nothing_else() -> None:
    rooms = (SessionDataQuery, LiveStreamInbox, DataUpkeepInbox, SystemManagerInbox)
    answered = {kind for room in rooms for kind in _members(room) if Query in kind.__bases__ or _is_brief(kind)}

    assert set(QUERIES) == answered


def _members(union: object) -> list[type]:
    return [kind for kind in get_args(union) if isinstance(kind, type)]


def _is_brief(kind: type) -> bool:
    return any(base.__name__ == "BriefQuery" for base in kind.__bases__)


def test_a_ticket_is_json_with_a_type_and_its_intervals_are_text() -> None:
    asked = of_json(b'{"type":"GetLastBars","symbol":"AAPL","count":20,"interval":"5m"}')
    listening = of_json(b'{"type":"Subscribe","events":["bars"],"intervals":["5m"],"policy":"disconnect"}')

    assert asked == GetLastBars(symbol="AAPL", count=20, interval=FIVE)
    assert listening == Subscribe(events=("bars",), intervals=(FIVE,), policy=Policy.DISCONNECT)
    assert of_json(b'{"type":"GetNow"}') == GetNow()
    assert of_json(b'{"type":"GetLastBars","symbol":"A","count":1,"interval":{"seconds":300}}') == GetLastBars(
        symbol="A", count=1, interval=FIVE
    )


def test_what_is_named_twice_is_summed_up_once_and_moments_are_read_as_readers_read_them() -> None:
    assert of_bytes(encode(GetMatrix(count=1, symbols=("A", "B", "A")))) == GetMatrix(count=1, symbols=("A", "B"))
    assert of_json(b'{"type":"GetBars","symbol":"A","start":"10:30"}') == GetBars(symbol="A", start="10:30")
    assert of_json(b'{"type":"GetCertificate","date":"2024-07-01"}') == GetCertificate(date="2024-07-01")
    assert of_json(b'{"type":"GetQuality","sessions":0}') == GetQuality()


@pytest.mark.parametrize(
    ("ticket", "words"),
    [
        (b"", "a ticket is JSON such as"),
        (b"[]", "a JSON object with a type"),
        (b'{"type":7}', "a JSON object with a type"),
        (b'{"type":"GetLastBar","symbol":"A"}', "there is no query 'GetLastBar'; nearest: GetLastBars"),
        (b'{"type":"PauseSystem"}', "there is no query 'PauseSystem'"),
        (b'{"type":"GetLastBars","symbol":"A","cuont":3}', "GetLastBars has no field 'cuont'; nearest: count"),
        (b'{"type":"GetLastBars","symbol":"A"}', "GetLastBars: Object missing required field `count`"),
        (b'{"type":"GetLastBars","symbol":"A","count":"3"}', r"GetLastBars: Expected `int`, got `str` - at `\$.count`"),
        (b'{"type":"GetLastBars","symbol":"A","count":0}', "count is a whole number, 1 or more, not 0"),
        (b'{"type":"GetLastBars","symbol":"","count":1}', "symbol is one symbol"),
        (b'{"type":"GetLastBars","symbol":"A","count":1,"interval":"5x"}', "interval: '5x' is no interval"),
        (b'{"type":"GetLastBars","symbol":"A","count":1,"interval":{"seconds":-5}}', "interval: .* is no interval"),
        (b'{"type":"GetHistory","symbol":"A","sessions":0}', "sessions is a whole number, 1 or more"),
        (b'{"type":"GetBars","symbol":"A","start":"25:99"}', "start: "),
        (b'{"type":"GetChangesSince","revision":-1}', "revision is the whole number"),
        (b'{"type":"Subscribe","bound":0}', "bound is a whole number"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_the_field_named(ticket: bytes, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        of_json(ticket)


def test_our_own_client_is_read_as_strictly() -> None:
    assert of_bytes(encode(Hello())) == Hello(version=tickets.VERSION)
    for message in (b"", b"\xc1", encode(GetLastBars(symbol="A", count=-1))):
        with pytest.raises(SettingsError):
            of_bytes(message)
