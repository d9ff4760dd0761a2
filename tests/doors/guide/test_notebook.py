"""The notebook for the first hour: kept clean, and executed from its first cell to its last."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from actors.doors.guide.chapters import notebook
from tests.doors.conftest import Call
from tests.house.source import ROOT
from tests.patience import PATIENCE_S


def test_it_is_kept_without_what_a_run_leaves_in_it() -> None:
    cells = [cell for cell in json.loads(notebook())["cells"] if cell["cell_type"] == "code"]

    assert cells
    assert not any(cell["outputs"] or cell["execution_count"] for cell in cells)


def test_the_program_hands_it_out(call: Call) -> None:
    assert call("guide", "--notebook").out == notebook()


@pytest.mark.slow
def test_it_takes_files_to_a_healed_plotted_day(tmp_path: Path) -> None:
    (tmp_path / "first_day.ipynb").write_text(notebook(), encoding="utf-8")
    patience = [f"--{what}={PATIENCE_S:.0f}" for what in ("timeout", "startup_timeout")]

    places = {"PYTHONPATH": ROOT, "TMPDIR": tmp_path, "IPYTHONDIR": tmp_path, "JUPYTER_RUNTIME_DIR": tmp_path / "run"}
    subprocess.run(
        [sys.executable, "-m", "jupyter", "execute", "first_day.ipynb", "--inplace", *patience],
        cwd=tmp_path,
        env=os.environ | {name: str(place) for name, place in places.items()},
        check=True,
        capture_output=True,
    )
    cells = json.loads((tmp_path / "first_day.ipynb").read_text(encoding="utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    printed = "".join("".join(output["text"]) for output in outputs if output["output_type"] == "stream")

    assert sum("image/png" in output.get("data", {}) for output in outputs) == 4
    assert sum("text/html" in output.get("data", {}) for output in outputs) == 4
    assert "26 minutes were incomplete when they closed" in printed
    assert "missing now: ()" in printed
    assert "\x1b" not in printed
