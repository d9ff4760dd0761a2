"""Databento's library, where it is installed."""

import warnings

import pytest


@pytest.fixture(scope="session")
def dbn():  # a module that may not be there
    """Return Databento's library; like the product, keep it from setting filters for all."""
    with warnings.catch_warnings():
        pytest.importorskip("databento")
        return pytest.importorskip("databento_dbn")
