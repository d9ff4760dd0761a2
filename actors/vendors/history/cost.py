"""What a span of history costs, of a vendor that asks for money by the span."""

import msgspec

from actors.vendors.history.calls import Calls
from actors.vendors.history.pages import PageRequest, Priced, VendorHistory


def cost_of(client: VendorHistory, span: PageRequest, most_symbols: int | None, calls: Calls) -> float | None:
    """Return what a span costs, in US dollars, asked for as many symbols at once as may be; ``None``: nothing."""
    if not isinstance(client, Priced):
        return None
    priced: Priced = client
    size = most_symbols or max(len(span.symbols), 1)
    total = 0.0
    for first in range(0, len(span.symbols), size):
        part = msgspec.structs.replace(span, symbols=span.symbols[first : first + size])
        total += calls.make(lambda part=part: priced.cost(part))  # type: ignore[misc]  # it has no types of its own
    return total
