"""What became of what was received: every bar, trade and quote became just one thing."""

from collections.abc import Mapping

from messages.feeds import Taken


def plus(before: Taken, more: Taken) -> Taken:
    """Return the sum."""
    return Taken(
        received=before.received + more.received,
        accepted=before.accepted + more.accepted,
        rejected=before.rejected + more.rejected,
        duplicates=before.duplicates + more.duplicates,
    )


def unequal(counts: Mapping[str, Taken]) -> list[str]:
    """Return a sentence for each that does not add up: a bug."""
    return [
        f"the counts of {name} do not add up: {one.accepted} accepted + {one.rejected} rejected + "
        f"{one.duplicates} duplicates are not {one.received} received"
        for name, one in counts.items()
        if one.accepted + one.rejected + one.duplicates != one.received
    ]
