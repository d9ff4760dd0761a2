"""The Flight server of a session: tickets of anybody, and the exchanges of our own client."""

import contextlib
import hmac
import secrets
import threading
import weakref
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
from pyarrow import flight

from actors.flight import tickets
from actors.flight.connections import cut
from actors.flight.ear import Ear
from actors.flight.host import Host
from actors.flight.place import Place, token_of
from actors.flight.replies import (
    ENDED,
    Table,
    as_json,
    bars_schema,
    empty,
    packed,
    packed_failure,
    packed_loss,
    table_of,
    told,
)
from actors.flight.socket_file import SocketFile
from actors.flight.tickets import Subscribe
from actors.kernel.future import Timeout
from actors.kernel.listen.subscription import Subscription
from messages.base import Event
from messages.errors import BarkeeperError, SettingsError, Unreachable
from messages.values import Policy

_NOTHING = pa.schema([])
_LOOK_UP_S = 0.5
"""So often who waits looks whether the other end is still there."""
_GRACE_S = 1.0
"""So long listeners may take to hear the end of it when a server closes."""
_ENDING_S = 0.1, 1.5
"""So long those who are just being answered may take, and then gRPC, when their connections are cut."""
_BARS = ("bars",)


class Service:
    """A session that is being served, until ``close``, or until its system is closed.

    Args:
        host: what is served.
        place: where; port 0 takes any that is free, a socket has mode 600.
        token: what a client must bring; ``None``: that of the environment or, beyond loopback, one that is made up.

    Raises:
        SettingsError: it cannot be served there.
    """

    def __init__(self, host: Host, place: Place, token: str | None = None) -> None:
        self.token = token_of(token) or ("" if place.is_loopback else secrets.token_urlsafe(24))
        """What a client must bring; empty: nothing."""
        self._server = server = _Server(host, place.resolved(), self.token)
        self.address = str(place if place.path else Place(place.host, server.port))
        """What a client connects to."""
        self._end = weakref.finalize(self, server.end)  # made after that of the server, so called before it at exit

    def __repr__(self) -> str:
        return f"<Service at {self.address}: {'open' if self._end.alive else 'closed'}>"

    def close(self) -> None:
        """Serve no more: who listens hears the end, who asks is told that the connection is lost. Takes 2 s at most."""
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Gate(flight.ServerMiddlewareFactory):  # type: ignore[misc]  # pyarrow has no types
    """Lets those in who bring the token."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self._wanted = f"Bearer {token}".encode()

    def start_call(self, info: Any, headers: dict[str, list[str]]) -> None:
        """Look at the headers of a call."""
        del info
        given = next((value for name, value in headers.items() if name.lower() == "authorization"), [])
        if not any(hmac.compare_digest(one.encode(), self._wanted) for one in given):
            raise flight.FlightUnauthenticatedError("a token is needed: authorization: Bearer TOKEN")


class _Server(flight.FlightServerBase):  # type: ignore[misc]  # pyarrow has no types
    """Answers each call in a thread of its own, which gRPC makes."""

    def __init__(self, host: Host, place: Place, token: str) -> None:
        self._host = host
        self._is_over = False
        self._hearing = threading.Condition()
        self._tellers = 0
        middleware = {"token": _Gate(token)} if token else None
        self._file = file = SocketFile(place.path) if place.path else None
        bound = place if file is None else place._replace(path=str(file.bound))
        try:
            super().__init__(str(bound), middleware=middleware)
            if file is not None:
                file.publish()
        except (OSError, pa.ArrowException) as error:
            if file is not None:
                file.remove()
            other = "name another port, 0 for a free one, or an address of this computer"
            raise SettingsError(f"cannot serve at {place}: {other}") from error

    def end(self) -> None:
        """Come to an end, whatever the clients do."""
        self._is_over = True
        if self._file is not None:
            self._file.remove()
        self._host.relay.close(Unreachable("this session is served no more"))
        with self._hearing:
            self._hearing.wait_for(lambda: not self._tellers, _GRACE_S)
        ending = threading.Thread(target=self.shutdown, name="barkeeper-unserving", daemon=True)
        ending.start()
        ending.join(_ENDING_S[0])
        if ending.is_alive():
            cut(self.port if self._file is None else str(self._file.bound))
            ending.join(_ENDING_S[1])

    @contextlib.contextmanager
    def _heard_by(self, ear: Ear) -> Iterator[None]:
        """Tell while the block runs."""
        with self._hearing:
            self._tellers += 1
        try:
            yield
        finally:
            self._host.relay.leave(ear)
            with self._hearing:
                self._tellers -= 1
                self._hearing.notify_all()

    # --- anybody's tickets

    def get_flight_info(self, context: Any, descriptor: Any) -> Any:
        """Return a descriptor's command, or its path, as a ticket: for clients that begin with that."""
        del context
        ticket = descriptor.command or b"".join(descriptor.path or ())
        return flight.FlightInfo(_NOTHING, descriptor, [flight.FlightEndpoint(ticket, [])], -1, -1)

    def do_get(self, context: Any, ticket: Any) -> Any:
        """Answer a ticket in JSON: with a table, or with JSON beside an empty one; or tell on and on."""
        with _in_our_words():
            wish = tickets.of_json(ticket.ticket)
            if isinstance(wish, Subscribe):
                if wish.policy is Policy.BLOCK:
                    raise SettingsError("a ticket's policy is drop_oldest or disconnect: nobody is waited for")
                ear = self._host.listen(wish, told, usual=_BARS)
                return flight.GeneratorStream(bars_schema(), self._telling(context, ear))
            reply = self._answer(wish)
            if isinstance(reply, Table):
                return flight.RecordBatchStream(table_of(reply, self._host.life))
            return flight.GeneratorStream(_NOTHING, iter([(empty(_NOTHING), pa.py_buffer(as_json(reply)))]))

    def _telling(self, context: Any, ear: Ear) -> Iterator[Any]:
        """Yield batches of bars, and other events as JSON beside an empty one."""
        with self._heard_by(ear), _in_our_words():
            yield empty(bars_schema())  # so that a client knows that it is heard
            while (taken := ear.take(_LOOK_UP_S)) is not None:
                if context.is_cancelled():
                    return
                for chunks in taken:
                    yield from chunks

    def _answer(self, query: Any) -> Any:
        asked = self._host.ask(query)
        while not self._is_over:
            with contextlib.suppress(Timeout):
                return asked.get(timeout=_LOOK_UP_S)
        raise Unreachable("this session is served no more")

    # --- our own client

    def do_exchange(self, context: Any, descriptor: Any, reader: Any, writer: Any) -> None:
        """Answer query after query, or tell event after event."""
        with contextlib.suppress(pa.ArrowException, OSError):  # the other end is gone
            writer.begin(_NOTHING)
            if descriptor.command == tickets.ASK:
                self._answer_all(reader, writer)
            else:
                self._tell_all(context, descriptor.command, reader, writer)

    def _answer_all(self, reader: Any, writer: Any) -> None:
        for chunk in reader:
            try:
                reply = packed(self._answer(tickets.of_bytes(chunk.app_metadata.to_pybytes())))
            except Exception as error:  # noqa: BLE001  # whatever it is, who asked is told
                reply = packed_failure(error)
            writer.write_metadata(pa.py_buffer(reply))

    def _tell_all(self, context: Any, command: bytes, reader: Any, writer: Any) -> None:
        try:
            wish = tickets.of_bytes(command)
            if not isinstance(wish, Subscribe):
                raise SettingsError(f"{type(wish).__name__} is nothing to listen to")
            source = self._host.hold(wish) if wish.policy is Policy.BLOCK else self._host.listen(wish, _message)
        except BarkeeperError as error:
            writer.write_metadata(pa.py_buffer(packed_failure(error)))
            return
        writer.write_metadata(pa.py_buffer(packed(source.name)))
        if isinstance(source, Ear):
            with self._heard_by(source):
                last = _tell(context, source, reader, writer)
        else:
            with source:
                last = _tell_in_turn(source, reader, writer)
        writer.write_metadata(pa.py_buffer(last))
        for _ in reader:  # whoever still asks while this end closes loses what it has not read yet
            pass


def _tell(context: Any, ear: Ear, reader: Any, writer: Any) -> bytes | bytearray:
    """Send a message of events for each that is asked for, and before it what was lost, if that is more than before.

    Returns:
        The last message.
    """
    dropped = 0
    for _ in reader:
        try:
            while not (taken := ear.take(_LOOK_UP_S)) and taken is not None:
                if context.is_cancelled():
                    return ENDED
        except BarkeeperError as error:
            return packed_failure(error)
        if taken is None:
            return ENDED
        if ear.dropped > dropped:
            dropped = ear.dropped
            writer.write_metadata(pa.py_buffer(packed_loss(dropped)))
        writer.write_metadata(taken[0])
    return ENDED


def _message(events: Sequence[Event]) -> pa.Buffer:
    """Return events as our own client hears them."""
    return pa.py_buffer(packed(events))


def _tell_in_turn(events: Subscription, reader: Any, writer: Any) -> bytes | bytearray:
    """Send an event for each time that the next is asked for, which says that the last one has been dealt with.

    Returns:
        The last message.
    """
    for _ in reader:
        try:
            event = next(events, None)
        except BarkeeperError as error:
            return packed_failure(error)
        if event is None:
            break
        writer.write_metadata(_message((event,)))
    return ENDED


@contextlib.contextmanager
def _in_our_words() -> Iterator[None]:
    """Say what is wrong in the one sentence, after the name of the error."""
    try:
        yield
    except BarkeeperError as error:
        raise flight.FlightServerError(f"{type(error).__name__}: {error}") from None
