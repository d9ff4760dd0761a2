"""Frames of a websocket that hold lists of messages, read strictly: of one that is partly bad the good part is used."""

from collections.abc import Callable, Iterator
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from actors.feeds.gathered import Gathering
from actors.feeds.jsonlines.line_format import explained
from messages.errors import UNREADABLE
from messages.feeds import Rejection

M = TypeVar("M")
M_co = TypeVar("M_co", covariant=True)
_SHOWN = 200


class Decoder(Protocol[M_co]):
    """msgspec's, of JSON or MessagePack."""

    def decode(self, raw: bytes, /) -> M_co:
        """Return what a text means."""
        ...


class FrameReader(Generic[M]):
    """Decodes frames, and counts them from 1.

    Args:
        decoder: ``msgspec.json.Decoder`` or ``msgspec.msgpack.Decoder``.
        kinds: what a message may be.
    """

    def __init__(self, decoder: Callable[[Any], Decoder[Any]], kinds: Any) -> None:
        self._whole: Decoder[tuple[M, ...]] = decoder(tuple[kinds, ...])
        self._pieces: Decoder[tuple[msgspec.Raw, ...]] = decoder(tuple[msgspec.Raw, ...])
        self._piece: Decoder[M] = decoder(kinds)
        self._number = 0

    def messages(self, frame: bytes | str, gathering: Gathering) -> Iterator[M]:
        """Yield the messages of a frame; what cannot be understood is rejected."""
        self._number += 1
        raw = frame.encode() if isinstance(frame, str) else frame
        try:
            yield from self._whole.decode(raw)
        except UNREADABLE:
            yield from self._one_by_one(raw, gathering)

    def reject(self, raw: Any, error: Exception, gathering: Gathering) -> None:
        """Note that something in the last frame cannot be used."""
        field, expected = explained(error)
        seen = repr(raw)[:_SHOWN]
        gathering.reject(Rejection(number=self._number, field=field, expected=expected, seen=seen))

    def _one_by_one(self, raw: bytes, gathering: Gathering) -> Iterator[M]:
        try:
            pieces = self._pieces.decode(raw)
        except UNREADABLE as error:
            self.reject(raw, error, gathering)
            return
        for piece in pieces:
            try:
                yield self._piece.decode(bytes(piece))
            except UNREADABLE as error:
                self.reject(bytes(piece), error, gathering)
