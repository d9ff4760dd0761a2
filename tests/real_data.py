"""Where the shared market data lies, if it is here."""

import os
from pathlib import Path

import pytest

DATA = Path(os.environ.get("BARKEEPER_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the shared market data is not here")
