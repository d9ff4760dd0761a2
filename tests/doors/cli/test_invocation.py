"""Commands that are printed can be pasted."""

import shutil
import sys
from pathlib import Path

import pytest

from actors.doors.cli.invocation import as_it_lies, command


@pytest.fixture(autouse=True)
def _posix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")


def test_run_py_is_called_as_it_was_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["some/run.py"])
    monkeypatch.setattr(shutil, "which", {"python": sys.executable}.get)

    assert command("backtest", "--store", "my store") == "python some/run.py backtest --store 'my store'"


def test_an_interpreter_that_is_not_on_the_path_is_named_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["run.py"])
    monkeypatch.setattr(sys, "executable", "/opt/venv/bin/python")
    monkeypatch.setattr(shutil, "which", {"python": "/usr/bin/python"}.get)

    assert command("inspect") == "/opt/venv/bin/python run.py inspect"


def test_the_installed_program_is_called_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/local/bin/barkeeper"])

    assert command("inspect", "--store", "store") == "barkeeper inspect --store store"


def test_windows_has_quotes_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["barkeeper"])
    monkeypatch.setattr(sys, "platform", "win32")

    assert command("inspect", "--store", "C:\\my store") == 'barkeeper inspect --store "C:\\my store"'


@pytest.mark.parametrize(
    ("called", "there", "said"),
    [("run.py", "", "."), ("copy/run.py", "copy", "{copy}"), ("barkeeper", "", "barkeeper")],
)
def test_who_calls_a_copy_of_the_source_installs_from_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, called: str, there: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [called])
    (tmp_path / there).mkdir(exist_ok=True)
    (tmp_path / there / "pyproject.toml").touch()

    place = said.format(copy=tmp_path / "copy")
    assert as_it_lies("it needs a package: pip install 'barkeeper[web]'") == (
        f"it needs a package: pip install '{place}[web]'"
    )
