"""``import barkeeper``: what programs need, by the name that it is installed under."""

import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

import actors.doors.barkeeper as package
from actors.doors.cli.version import version
from actors.doors.guide.chapters import ORDER
from actors.system import System
from tests.house.source import ROOT

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_it_has_what_it_names_and_nothing_of_its_own() -> None:
    assert package.System is System
    assert all(hasattr(package, name) for name in package.__all__)
    assert {name for name in vars(package) if not name.startswith("_")} <= {*package.__all__}
    assert package.__version__ == version()
    assert not hasattr(package, "Backtest")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Python with the package built and installed as a user has it, and what it depends on."""
    place = tmp_path_factory.mktemp("installed")
    copy = shutil.copytree(
        ROOT, place / "project", ignore=shutil.ignore_patterns(".*", "tests", "build", "*.egg-info", "__pycache__")
    )
    site = place / "site"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--no-deps", "--target", site, copy], check=True, capture_output=True)

    def called(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        path = f"import sys; sys.path[1:1] = [{str(site)!r}, {sysconfig.get_path('purelib')!r}]\n"
        words = [sys.executable, "-S", "-c", path + arguments[0], *arguments[1:]]
        return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=120)

    return called


@pytest.mark.slow
def test_installed_it_is_imported_from_any_folder(run: Run, tmp_path: Path) -> None:
    done = run(tmp_path, "import barkeeper; print(barkeeper.__name__, barkeeper.System.__module__)")

    assert (done.stdout, done.stderr) == ("barkeeper actors.system\n", "")


@pytest.mark.slow
def test_installed_it_has_its_guide(run: Run, tmp_path: Path) -> None:
    code = "from actors.doors.guide import chapters as at; print(len(at.chapters()), at.notebook()[:1], at.__file__)"
    done = run(tmp_path, code)
    count, begins, place = done.stdout.split()

    assert (int(count), begins) == (len(ORDER), "{")
    assert not Path(place).is_relative_to(ROOT)


@pytest.mark.slow
@pytest.mark.parametrize("hidden", ["messages", "actors"])
def test_a_file_of_the_users_that_hides_a_package_is_named_in_a_sentence(run: Run, tmp_path: Path, hidden: str) -> None:
    (tmp_path / f"{hidden}.py").write_text("MINE = 1\n", encoding="utf-8")

    done = run(tmp_path, "import barkeeper")

    assert done.stderr.splitlines()[-1] == (
        f"ImportError: Barkeeper is made of the packages actors and messages, and {hidden} is hidden by "
        f"{tmp_path / hidden}.py: rename that, or start the program from another folder"
    )


@pytest.mark.slow
def test_the_package_is_the_command_line_too(run: Run, tmp_path: Path) -> None:
    done = run(tmp_path, "import runpy; runpy.run_module('barkeeper', run_name='__main__')", "--version")

    assert done.stdout.startswith("barkeeper ")
