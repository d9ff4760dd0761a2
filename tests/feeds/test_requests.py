"""Requests to a far side that grants or refuses every one whole."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from actors.feeds.requests import Refusal, Request, Requests

CHANNELS = ("bars", "trades", "quotes")
SYMBOLS = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


class FarSide:
    """Answers each request when it is its turn, whole."""

    def __init__(self, is_allowed: Callable[[set[tuple[str, str]]], bool], enough: int | None = None) -> None:
        self.unanswered: list[Request] = []
        self.requests = Requests(self.unanswered.append)
        self.has: set[tuple[str, str]] = set()
        self.count = 0
        self._is_allowed = is_allowed
        self._enough = enough

    def answer(self) -> None:
        request = self.unanswered.pop(0)
        cells = {(channel, symbol) for channel in request.channels for symbol in request.symbols}
        self.count += 1
        if request.is_withdrawal:
            self.has -= cells
            self.requests.grant()
        elif self._is_allowed(self.has | cells):
            self.has |= cells
            self.requests.grant()
        else:
            self.requests.refuse("no", enough=self._enough)

    def answer_all(self) -> dict[str, tuple[str, ...]]:
        """Answer until nothing is asked any more; return what was refused."""
        refused: list[Refusal] = []
        while self.unanswered:
            assert len(self.unanswered) == 1  # one at a time
            self.answer()
            refused += self.requests.refusals()
        assert all(one.reason == "no" for one in refused)
        return {one.channel: one.symbols for one in refused}


@given(st.sets(st.tuples(st.sampled_from(CHANNELS), st.sampled_from(SYMBOLS))))
def test_just_the_cells_that_are_forbidden_are_refused(forbidden: set[tuple[str, str]]) -> None:
    far_side = FarSide(lambda cells: not cells & forbidden)
    far_side.requests.ask(CHANNELS, SYMBOLS)

    refused = far_side.answer_all()

    assert far_side.has == {(channel, symbol) for channel in CHANNELS for symbol in SYMBOLS} - forbidden
    assert {(channel, symbol) for channel, symbols in refused.items() for symbol in symbols} == forbidden


@given(st.integers(0, 60), st.integers(1, 26))
def test_a_limit_is_used_up_and_found_in_few_requests(limit: int, count: int) -> None:
    far_side = FarSide(lambda cells: len(cells) <= limit, enough=1)
    for channel in CHANNELS:
        far_side.requests.ask((channel,), SYMBOLS[:count])

    refused = far_side.answer_all()

    assert len(far_side.has) == min(limit, 3 * count)
    assert sum(map(len, refused.values())) == max(0, 3 * count - limit)
    assert far_side.count <= 3 * (2 * count.bit_length() + 1)


def test_a_channel_of_which_enough_were_refused_one_by_one_is_given_up() -> None:
    far_side = FarSide(lambda cells: not any(channel == "trades" for channel, _ in cells), enough=4)
    far_side.requests.ask(("trades",), SYMBOLS)
    far_side.requests.ask(("quotes",), SYMBOLS)

    assert far_side.answer_all() == {"trades": SYMBOLS}
    assert far_side.has == {("quotes", symbol) for symbol in SYMBOLS}
    assert far_side.count < len(SYMBOLS)


def test_what_is_withdrawn_while_it_is_refused_is_neither_asked_for_again_nor_told() -> None:
    far_side = FarSide(lambda cells: ("bars", "A") not in cells)
    far_side.requests.ask(("bars",), "AB")
    far_side.requests.withdraw(("bars",), "A")

    assert far_side.answer_all() == {}
    assert far_side.has == {("bars", "B")}


def test_after_a_withdrawal_there_is_room_again() -> None:
    far_side = FarSide(lambda cells: len(cells) <= 1, enough=1)
    far_side.requests.ask(("bars",), "AB")
    far_side.answer()
    far_side.requests.withdraw(("bars",), "A")
    far_side.requests.ask(("bars",), "C")

    assert far_side.answer_all() == {"bars": ("B",)}
    assert far_side.has == {("bars", "C")}


def test_answers_to_nothing_change_nothing() -> None:
    far_side = FarSide(lambda _cells: True)
    far_side.requests.refuse("no")
    far_side.requests.grant()
    far_side.requests.go_on()
    far_side.requests.ask((), "A")
    far_side.requests.ask(("bars",), "")

    assert far_side.unanswered == []
    assert far_side.requests.refusals() == []


def test_a_new_connection_owes_no_answer() -> None:
    far_side = FarSide(lambda _cells: True)
    far_side.requests.ask(CHANNELS, "A")
    far_side.requests.forget()

    assert far_side.requests.oldest is None
