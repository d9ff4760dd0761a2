"""What is asked of a far side that grants or refuses every request whole: one at a time, and by halves if refused."""

import itertools
from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple


class Request(NamedTuple):
    """Symbols that are asked for in some channels, or not wanted any more."""

    channels: tuple[str, ...]
    symbols: tuple[str, ...]
    is_withdrawal: bool = False


class Refusal(NamedTuple):
    """Symbols that will not be sent in a channel."""

    channel: str
    symbols: tuple[str, ...]
    reason: str


class Requests:
    """Requests in order, one out at a time, since an answer names no request but comes in their order.

    A refused request says nothing of any single symbol in it, for it may be too large by one. So it is asked for again
    channel by channel, then by halves, until what is refused is one symbol in one channel; the other requests wait.

    Args:
        send: sends one request.
    """

    def __init__(self, send: Callable[[Request], None]) -> None:
        self._send = send
        self._waiting: deque[Request] = deque()
        self._out: deque[tuple[Request, set[str]]] = deque()
        """What was sent, and which of its symbols were withdrawn since."""
        self._refused: dict[tuple[str, str], dict[str, None]] = {}
        self._singles: dict[str, int] = {}
        """Symbols refused one by one in a channel since anything was granted in it."""

    def forget(self) -> None:
        """Begin anew: a connection was made, on which nothing was asked for yet."""
        for kept in (self._waiting, self._out, self._refused, self._singles):
            kept.clear()

    def ask(self, channels: Iterable[str], symbols: Iterable[str]) -> None:
        """Ask for symbols in all of these channels at once, when the requests before are answered."""
        self._put(Request(tuple(channels), tuple(symbols)))

    def withdraw(self, channels: Iterable[str], symbols: Iterable[str]) -> None:
        """Want symbols no more in any of these channels."""
        gone = Request(tuple(channels), tuple(symbols), is_withdrawal=True)
        for _, withdrawn in self._out:
            withdrawn.update(gone.symbols)
        left = (_without(request, set(gone.symbols)) for request in self._waiting)
        self._waiting = deque(request for request in left if request.symbols)
        self._put(gone)

    @property
    def oldest(self) -> Request | None:
        """The request that the next answer is to, as far as it is wanted still; ``None``: nobody owes one."""
        return _without(*self._out[0]) if self._out else None

    def grant(self, lacking: Iterable[Refusal] = ()) -> None:
        """Take the oldest request for answered, but for what is lacking all the same; ask for more."""
        if self._out:
            request, _ = self._out.popleft()
            if not request.is_withdrawal:
                self._singles.update(dict.fromkeys(request.channels, 0))
            for one in lacking:
                self._note(one)
        self._send_next()

    def refuse(self, reason: str, *, enough: int | None = None) -> None:
        """Take the oldest request for refused; ask for less of it.

        Args:
            reason: why.
            enough: how many symbols, refused one by one in a row for such a reason, show that nothing more can be had
                in their channel: one where there is no room left, some where there seems to be no right to it at all.
        """
        if self._out:
            request, withdrawn = self._out.popleft()
            left = _without(request, withdrawn)
            if len(left.symbols) < len(request.symbols):  # what is left is another request
                self._waiting.extendleft([left] if left.symbols else [])
            elif not request.is_withdrawal:
                self._narrow(request, reason, enough)
        self._send_next()

    def go_on(self) -> None:
        """Ask for what is next, although the request before is not answered; that may still come."""
        if self._waiting:
            self._send_first()

    def refusals(self) -> list[Refusal]:
        """Return what was refused for good since this was called last, of requests that are answered throughout."""
        busy = {
            channel for request in (*(sent for sent, _ in self._out), *self._waiting) for channel in request.channels
        }
        done = [key for key in self._refused if key[0] not in busy]
        return [Refusal(channel, tuple(self._refused.pop((channel, reason))), reason) for channel, reason in done]

    def _put(self, request: Request) -> None:
        if request.channels and request.symbols:
            self._waiting.append(request)
            self._send_next()

    def _send_next(self) -> None:
        if self._waiting and not self._out:
            self._send_first()

    def _send_first(self) -> None:
        request = self._waiting.popleft()
        self._out.append((request, set()))
        self._send(request)

    def _narrow(self, request: Request, reason: str, enough: int | None) -> None:
        pieces = _pieces(request)
        self._waiting.extendleft(reversed(pieces))
        if pieces:
            return
        (channel,) = request.channels
        self._note(Refusal(channel, request.symbols, reason))
        self._singles[channel] = self._singles.get(channel, 0) + 1
        if enough is None or self._singles[channel] < enough:
            return
        before = itertools.takewhile(lambda one: not one.is_withdrawal, self._waiting)  # after one there may be room
        for other in [one for one in before if one.channels == request.channels]:
            self._waiting.remove(other)
            self._note(Refusal(channel, other.symbols, reason))

    def _note(self, refusal: Refusal) -> None:
        if refusal.symbols:
            noted = self._refused.setdefault((refusal.channel, refusal.reason), {})
            noted.update(dict.fromkeys(refusal.symbols))


def _without(request: Request, symbols: set[str]) -> Request:
    if request.is_withdrawal:
        return request
    return request._replace(symbols=tuple(symbol for symbol in request.symbols if symbol not in symbols))


def _pieces(request: Request) -> list[Request]:
    """Return what a refused request is asked for in instead; nothing: it cannot be made smaller."""
    channels, symbols = request.channels, request.symbols
    if len(channels) > 1:
        return [Request((channel,), symbols) for channel in channels]
    middle = (len(symbols) + 1) // 2
    return [Request(channels, half) for half in (symbols[:middle], symbols[middle:])] if len(symbols) > 1 else []
