"""The client's end: one connection, its exchanges, and what becomes of them when it breaks."""

import contextlib
import threading
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any

import pyarrow as pa
from pyarrow import flight

from actors.flight.place import Place
from actors.flight.replies import unpacked
from actors.flight.tickets import ASK, Hello, Welcome
from actors.kernel.future import Answered, Future
from messages.base import Query, R
from messages.codec import encode
from messages.errors import BarkeeperError, SettingsError, Unreachable

Heard = Callable[[memoryview], None]
Lost = Callable[[BarkeeperError | None], None]

_BROKEN = (pa.ArrowException, OSError)
_LEAVING_S = 1.0


class Exchange:
    """Messages there and back, in an exchange of its own that a thread of ours reads.

    Args:
        client: of Flight.
        options: of the call.
        command: what it is about.
        heard: is given every message.
        lost: is told why it is over, once; ``None``: they have no more to say over there.
        place: where it leads, for errors.
    """

    def __init__(
        self,
        client: Any,
        options: Any,
        command: bytes,
        heard: "Heard",
        lost: "Lost",
        place: Place,
    ) -> None:
        self._place = place
        self._heard = heard
        self._lost = lost
        try:
            self._writer, self._reader = client.do_exchange(flight.FlightDescriptor.for_command(command), options)
        except _BROKEN as error:
            raise self._why(error) from None
        self._thread = threading.Thread(target=self._read, name="barkeeper-reading", daemon=True)
        self._thread.start()

    def send(self, message: bytes) -> None:
        """Send one.

        Raises:
            Unreachable: the connection is lost.
        """
        try:
            self._writer.write_metadata(message)
        except _BROKEN as error:
            raise self._why(error) from None

    def cancel(self) -> None:
        """Be done with it; never waits."""
        self._reader.cancel()

    def join(self) -> None:
        """Wait until nothing is read any more."""
        if self._thread is not threading.current_thread():
            self._thread.join(_LEAVING_S)

    def _read(self) -> None:
        why: BarkeeperError | None = None
        try:
            while True:
                self._heard(memoryview(self._reader.read_chunk().app_metadata))
        except StopIteration:
            pass
        except Exception as error:  # noqa: BLE001  # whatever it is, who waits is told
            why = self._why(error)
            self.cancel()
        with contextlib.suppress(*_BROKEN):
            self._writer.close()  # or Arrow complains of it on stderr when it is collected
        self._lost(why)

    def _why(self, error: BaseException) -> BarkeeperError:
        if isinstance(error, flight.FlightUnauthenticatedError):
            return SettingsError(f"the session at {self._place} wants its token, which was printed when it began")
        if isinstance(error, flight.FlightUnavailableError):
            return Unreachable(f"no session is served at {self._place}, or no longer")
        if not isinstance(error, _BROKEN):
            return Unreachable(
                f"what came from {self._place} is not understood here, as if of another version: {error!r}"
            )
        return Unreachable(f"the connection to {self._place} is lost")


class Wire:
    """What a client has of one session: the way there, and all that goes on over it."""

    def __init__(self, place: Place, token: str) -> None:
        self.place = place
        headers = [(b"authorization", f"Bearer {token}".encode())] if token else []
        self._options = flight.FlightCallOptions(headers=headers)
        self._client = flight.FlightClient(str(place))
        self._lock = threading.Lock()
        self._line: Line | None = None
        self._open: weakref.WeakSet[Exchange] = weakref.WeakSet()
        self._is_closed = False

    def line(self) -> "Line":
        """Return the way on which is asked; where the connection was lost it is a new one.

        Raises:
            Unreachable: nobody answers there, or this end is closed.
        """
        with self._lock:
            if self._line is None or self._line.is_lost:
                self._line = Line(self.exchange)
            return self._line

    def exchange(self, command: bytes, heard: "Heard", lost: "Lost") -> Exchange:
        """Begin an exchange.

        Raises:
            Unreachable: nobody answers there, or this end is closed.
        """
        if self._is_closed:
            raise Unreachable("this connection was closed")
        made = Exchange(self._client, self._options, command, heard, lost, self.place)
        self._open.add(made)
        return made

    def close(self) -> None:
        """Be done with all of it; may be called twice."""
        self._is_closed = True
        going = list(self._open)
        for exchange in going:
            exchange.cancel()
        for exchange in going:
            exchange.join()
        self._client.close()


class Line:
    """Any number of questions at once, which are answered in their order."""

    def __init__(self, begin: Callable[..., Exchange]) -> None:
        self.is_lost = False
        self._lock = threading.Lock()
        self._waiting: deque[tuple[Query[Any], Future[Any]]] = deque()
        self._why: BarkeeperError | None = None
        self._refusal: BarkeeperError | None = None
        """Why we are not welcome; then nothing is, whatever it says."""
        self._exchange = begin(ASK, self._answered, self._lost)
        self.welcome: Future[Welcome] = self.ask(Hello())
        """Who is there; after a connection was lost it may be somebody else."""

    def ask(self, query: Query[R]) -> Future[R]:
        """Ask."""
        answer: Future[R] = Future()
        message = encode(query)
        with self._lock:
            if self._why is not None:
                return Answered(None, self._why)
            self._waiting.append((query, answer))
            try:
                self._exchange.send(message)
            except BarkeeperError as error:
                self._waiting.pop()
                return Answered(None, error)
        return answer

    def _answered(self, reply: memoryview) -> None:
        query, answer = self._waiting[0]
        found = None
        try:
            found = unpacked(query, reply)
        except BarkeeperError as error:
            if isinstance(query, Hello):
                self._refusal = error
            answer.set_exception(self._refusal or error)
        self._waiting.popleft()
        if self._refusal is None:
            answer.set(found)
        else:
            answer.set_exception(self._refusal)

    def _lost(self, why: BarkeeperError | None) -> None:
        self.is_lost = True
        why = why or Unreachable("this session is served no more")
        with self._lock:
            self._why = why
            waiting, self._waiting = self._waiting, deque()
        for _, answer in waiting:
            answer.set_exception(why)
