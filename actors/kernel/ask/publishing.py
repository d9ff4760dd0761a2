"""Feeding a system with bars, quotes and trades of one's own, as a method; its answer is a future."""

from typing import assert_never

from actors.kernel.address import RoomAddress
from actors.kernel.ask import arguments as take
from actors.kernel.ask.receipts import Receipts
from actors.kernel.future import Future
from messages.commands import PublishBar, PublishBars, PublishQuote, PublishTick
from messages.errors import NotReady
from messages.events import ReceiptSettled
from messages.tables.columns import BarBatch
from messages.values import Bar, Quote, Tick


class Publishing:
    """The command; from any thread."""

    def __init__(self, stream: RoomAddress, receipts: Receipts) -> None:
        self._to = stream
        self._receipts = receipts

    def publish(
        self, item: Bar | Quote | Tick | BarBatch, *, source: str = "application", is_correction: bool = False
    ) -> Future[ReceiptSettled]:
        """Feed bars, a quote or a trade of one's own; the future resolves when it has been applied.

        Raises:
            SettingsError: it is none of these, or a field of it is not of its type.
        """
        whole, sender = take.published(item), take.text(source, "source")
        corrects = take.flag(is_correction, "is_correction")
        receipt, future = self._receipts.issue()
        if not self._to.is_alive:
            future.set_exception(NotReady("the system is not started, or is closed"))
            return future
        match whole:
            case Bar():
                self._to.tell(PublishBar(bar=whole, source=sender, receipt=receipt, is_correction=corrects))
            case BarBatch():
                self._to.tell(PublishBars(batch=whole, source=sender, receipt=receipt, is_correction=corrects))
            case Quote():
                self._to.tell(PublishQuote(quote=whole, receipt=receipt))
            case Tick():
                self._to.tell(PublishTick(tick=whole, receipt=receipt))
            case _:
                assert_never(whole)
        return future
