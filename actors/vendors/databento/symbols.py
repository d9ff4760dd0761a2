"""How symbols are asked for at Databento: as their exchange spells them, or as contracts that follow each other."""

import re
from collections.abc import Sequence

_CONTINUOUS = re.compile(r"\w+\.[cnv]\.\d+", re.ASCII)
"""Such as ``ES.c.0``: https://databento.com/docs/standards-and-conventions/symbology"""
_TYPES = (("raw_symbol", False), ("continuous", True))


def by_type(symbols: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Return the types of symbols that there are, with the symbols of each."""
    kinds = ((stype, [one for one in symbols if bool(_CONTINUOUS.fullmatch(one)) is is_so]) for stype, is_so in _TYPES)
    return [(stype, found) for stype, found in kinds if found]
