"""How thoroughly properties are tried: a sixth of their examples at home, where it is done often; all in CI."""

import os
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import settings

IS_CI = bool(os.environ.get("CI"))
USUAL = 100
"""How many examples a property is tried with that does not say."""


def examples(wanted: int) -> settings:
    """Try a property with so many examples in CI, and with a sixth of them elsewhere."""
    return settings(max_examples=wanted if IS_CI else max(3, wanted // 6))


def also_slow(fast: Iterable[Any], slow: Iterable[Any]) -> list[Any]:
    """Return values for ``parametrize``: some for every run, the others marked slow."""
    return [*fast, *(pytest.param(value, marks=pytest.mark.slow) for value in slow)]
