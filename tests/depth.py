"""How thoroughly properties are tried: a sixth of their examples at home, where it is done often; half of them in CI.

``BARKEEPER_DEPTH=1`` tries all of them: for a night, and for who has changed what a property is of.
"""

import os
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import settings

IS_CI = bool(os.environ.get("CI"))
PART = int(os.environ.get("BARKEEPER_DEPTH", "2" if IS_CI else "6"))
USUAL = 100
"""How many examples a property is tried with that does not say."""


def examples(wanted: int) -> settings:
    """Try a property with so many examples, or with the part of them that is tried here."""
    return settings(max_examples=max(3, wanted // PART))


def also_slow(fast: Iterable[Any], slow: Iterable[Any]) -> list[Any]:
    """Return values for ``parametrize``: some for every run, the others marked slow."""
    return [*fast, *(pytest.param(value, marks=pytest.mark.slow) for value in slow)]
