"""Every message to bytes and back, and what happens to bytes that are no message."""

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import messages
from messages import Bar, BarArrived, BarBatch, BarsArrived, GetLatestBar, Message, Prefetch, TimeAdvanced, codec
from messages.inboxes import Journaled
from messages.values import Interval
from tests.builders import DAY, arrived, bar, time
from tests.depth import examples
from tests.messages.strategies import struct

KINDS = (messages.Event, messages.Command, messages.Query, messages.BriefQuery, messages.Control, Message)
MESSAGES: list[type[Message]] = sorted(
    {
        kind
        for kind in vars(messages).values()
        if isinstance(kind, type) and issubclass(kind, Message) and kind not in KINDS
    },
    key=lambda kind: kind.__name__,
)
MINUTE = arrived(bar("AAPL", volume=float("nan")), bar("MSFT"))


@pytest.mark.parametrize("kind", MESSAGES)
@given(data=st.data())
@examples(10)
def test_every_message_survives_the_journey_to_bytes_and_back(kind: type[Message], data: st.DataObject) -> None:
    message = data.draw(struct(kind))
    raw = codec.encode(message)
    back: Any = codec.decoder(kind).decode(raw)

    assert back == message
    assert codec.encode(back) == raw


@pytest.mark.parametrize("kind", MESSAGES)
def test_a_message_says_its_own_name_and_cannot_be_changed(kind: type[Message]) -> None:
    config = kind.__struct_config__

    assert config.tag == kind.__name__
    assert config.frozen


@pytest.mark.parametrize("kind", MESSAGES)
def test_a_message_says_of_which_kind_it_is(kind: type[Message]) -> None:
    assert kind.is_brief is issubclass(kind, messages.BriefQuery)
    assert kind.is_question is (issubclass(kind, messages.Query) and not issubclass(kind, messages.Control))


@pytest.mark.parametrize("kind", [kind for kind in MESSAGES if kind.__struct_fields__])
def test_the_fields_of_a_message_are_given_by_name(kind: type[Message]) -> None:
    with pytest.raises(TypeError, match="positional"):
        kind(*[None] * len(kind.__struct_fields__))


def test_no_two_messages_have_the_same_tag() -> None:
    tags = [kind.__struct_config__.tag for kind in MESSAGES]

    assert len(tags) == len(set(tags)) > 60


def test_a_journal_is_read_without_knowing_what_comes_next() -> None:
    reader: msgspec.msgpack.Decoder[Any] = codec.decoder(Journaled)
    story = [MINUTE, time("09:31"), arrived(bar("AAPL", "09:31"))]

    assert [reader.decode(codec.encode(message)) for message in story] == story


def test_columns_come_back_read_only_with_their_type_and_shape() -> None:
    back: BarsArrived = codec.decoder(BarsArrived).decode(codec.encode(MINUTE))

    assert back.batch.values.shape == (5, 2)
    assert (back.batch.symbol_index.dtype.name, back.batch.start_ns.dtype.name) == ("int32", "int64")
    assert not back.batch.values.flags.writeable
    assert np.isnan(back.batch.volume[0])


def test_a_column_that_lies_scattered_in_memory_is_written_in_order() -> None:
    assert isinstance(MINUTE, BarsArrived)
    every_other = MINUTE.batch.where(np.array([True, False]))
    scattered = msgspec.structs.replace(every_other, values=np.asfortranarray(every_other.values))
    message = msgspec.structs.replace(MINUTE, batch=scattered)

    assert codec.decoder(BarsArrived).decode(codec.encode(message)) == message


def test_a_message_of_another_class_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="TimeAdvanced"):
        codec.decoder(BarArrived).decode(codec.encode(TimeAdvanced(now_ns=1)))


def test_a_field_of_the_wrong_type_is_refused() -> None:
    raw = msgspec.msgpack.encode({"type": "GetLatestBar", "symbol": 7})

    with pytest.raises(msgspec.ValidationError, match="symbol"):
        codec.decoder(GetLatestBar).decode(raw)


def column(dtype: str, shape: tuple[int, ...], raw: bytes) -> msgspec.msgpack.Ext:
    """Return a column as the codec writes one."""
    return msgspec.msgpack.Ext(1, msgspec.msgpack.encode((dtype, shape, raw)))


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        (msgspec.msgpack.Ext(7, b""), "unknown extension 7"),
        (msgspec.msgpack.Ext(1, b"x"), "a column is damaged"),
        (column("<f8", (3,), b"too short"), "a column is damaged"),
        (column(",", (3,), b"123"), "a column is damaged: there is no column of ','"),
        (column("O", (1,), bytes(8)), "a column is damaged: there is no column of 'O'"),
        (column("<i8", (1,), bytes(8)), "expected a column of float64, got 1-dimensional int64"),
        (column("<f8", (), bytes(8)), "expected a column of float64, got 0-dimensional float64"),
        ([1.0], "expected a column of float64, got list"),
    ],
)
def test_what_is_no_column_is_refused(values: object, complaint: str) -> None:
    batch = {"values": values, "symbols": [], "symbol_index": [], "start_ns": []}
    raw = msgspec.msgpack.encode({"type": "PublishBars", "batch": batch, "source": "x", "receipt": 1})

    with pytest.raises(msgspec.ValidationError, match=complaint):
        codec.decoder(messages.PublishBars).decode(raw)


def test_what_no_message_may_hold_cannot_be_written() -> None:
    with pytest.raises(NotImplementedError, match="no message holds a complex"):
        codec.encode(Prefetch(session=1j))  # type: ignore[arg-type]  # that is the point


def test_a_message_may_be_written_behind_other_bytes() -> None:
    assert codec.encode_after(b"", MINUTE) == codec.encode(MINUTE)
    assert codec.encode_after(b"\x00ab", MINUTE) == b"\x00ab" + codec.encode(MINUTE)


def test_equal_messages_have_equal_bytes() -> None:
    again = arrived(bar("MSFT"), bar("AAPL", volume=float("nan")))

    assert codec.encode(again) == codec.encode(MINUTE)
    assert BarBatch.of([bar(session=DAY)]) == BarBatch.of([bar(session=DAY)])


def test_what_came_back_is_shown_as_what_was_sent() -> None:
    sent = msgspec.structs.replace(bar("A", "09:30"), interval=Interval.parse("5m")), bar("B", "09:30")
    back = [msgspec.json.decode(msgspec.json.encode(one), type=Bar) for one in sent]

    assert list(map(repr, back)) == list(map(repr, sent))
    assert ["interval" in repr(one) for one in sent] == [True, False]
