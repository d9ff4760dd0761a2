"""Days that were cut off, healed in a thread while something else goes on."""

import threading
from collections.abc import Callable

from actors.fetching.behind import Behind
from actors.fetching.fetch import Wanted
from actors.kernel.ports import BarSource
from actors.storage.memory import MemoryStore
from actors.vendors.history.pages import Page, PageRequest
from tests.builders import DAY, HALF_DAY
from tests.fetching.test_fetch import AB, run, sums, traded, vendor
from tests.patience import PATIENCE_S
from tests.upstreams import Upstream, always, never

NOW = HALF_DAY.end_ns + 10**15


class Told(list[str]):
    """What was said, and that something was."""

    def __init__(self) -> None:
        super().__init__()
        self.is_any = threading.Event()

    def tell(self, sentence: str) -> None:
        self.append(sentence)
        self.is_any.set()


def begun(store: MemoryStore, source: BarSource, told: Told, again_s: float = 0.01) -> Behind:
    wanted = [Wanted(session=DAY, symbols=AB)]
    return Behind(store, [source], wanted, now_ns=lambda: NOW, told=told.tell, again_s=again_s)


def archive(fails: Callable[[int], bool] = never) -> Upstream:
    return Upstream([*traded("A", without=(7,)), *traded("B")], "archive", fails=fails, is_authoritative=True)


def test_who_does_not_answer_is_asked_again_until_all_is_answered_and_then_no_more() -> None:
    store, told, asked = MemoryStore(), Told(), archive(lambda call: call < 2)
    behind = begun(store, asked, told)
    assert told.is_any.wait(PATIENCE_S)
    behind._thread.join(PATIENCE_S)

    assert told == [
        f"session {DAY.date} has got 779 of the minutes that it lacked from archive, and 1 were never traded"
    ]
    assert not behind._thread.is_alive()
    assert len(asked.asked) == 3


def test_it_ends_while_it_waits_for_somebody_who_never_answers() -> None:
    told, asked = Told(), archive(always)
    behind = begun(MemoryStore(), asked, told, again_s=3600.0)
    behind.end()
    behind.end()

    assert not behind._thread.is_alive()
    assert told == []


def test_it_ends_in_the_middle_of_a_question_and_interrupts_nobody_else() -> None:
    store, (client, asked) = MemoryStore(), vendor([*traded("A"), *traded("B")])
    hangs, goes_on, page = threading.Event(), threading.Event(), client.page

    def slow(request: PageRequest) -> Page:
        hangs.set()
        goes_on.wait(PATIENCE_S)
        return page(request)

    client.page = slow  # type: ignore[method-assign]
    behind = begun(store, asked, Told())
    assert hangs.wait(PATIENCE_S)
    behind.end()
    goes_on.set()

    assert not behind._thread.is_alive()
    assert store.read("XNYS", DAY.date) is None
    assert sums(run(store, asked)) == (780, 780, 0, 0, 0)
