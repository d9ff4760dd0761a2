"""What an application publishes, as it is told to SessionData."""

from typing import TypeAlias, assert_never

from messages.commands import PublishBar, PublishBars, PublishQuote, PublishTick
from messages.events import BarArrived, BarsArrived, QuoteArrived, TickArrived
from messages.values import Nanos

Published: TypeAlias = PublishBars | PublishBar | PublishQuote | PublishTick


def arrival(message: Published, now_ns: Nanos) -> BarsArrived | BarArrived | QuoteArrived | TickArrived:
    """Return the arrival of what was published, known at ``now_ns``."""
    receipt = message.receipt
    match message:
        case PublishBars(batch=batch, source=source, is_correction=is_correction):
            return BarsArrived(batch=batch, now_ns=now_ns, source=source, is_correction=is_correction, receipt=receipt)
        case PublishBar(bar=bar, source=source, is_correction=is_correction):
            return BarArrived(bar=bar, now_ns=now_ns, source=source, is_correction=is_correction, receipt=receipt)
        case PublishQuote(quote=quote):
            return QuoteArrived(quote=quote, now_ns=now_ns, receipt=receipt)
        case PublishTick(tick=tick):
            return TickArrived(tick=tick, now_ns=now_ns, receipt=receipt)
        case _:
            assert_never(message)
