"""Who may import whom: the contracts of pyproject.toml, and what import-linter cannot say."""

import tomllib

import pytest
from importlinter.cli import lint_imports

from tests.house.source import ROOT, imported_modules, sources, tree


def test_every_contract_between_the_floors_is_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(ROOT)
    code = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)

    assert code == 0, capsys.readouterr().out


def test_the_floors_are_those_of_the_design() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    floors = next(contract for contract in contracts if contract["type"] == "layers")

    assert floors["containers"] == ["actors"]
    assert floors["exhaustive"] is True
    assert floors["layers"] == [
        "doors",
        "sweep | proving",
        "strategy",
        "system | store",
        "flight",
        "lived_day | outside",
        "upstream",
        "importing | inspecting | verifying | fetching | exporting",
        "wiring",
        "conversation | recording",
        "vendors",
        "session_data | stream_coordinator | data_upkeep | system_manager | storage | feeds",
        "kernel | settings",
        "market | reading",
    ]


def test_the_front_door_knows_nothing_but_the_command_line() -> None:
    assert set(imported_modules(tree(ROOT / "run.py"))) == {"sys", "actors.doors.cli.app"}


def test_nothing_that_is_shipped_imports_the_tests_or_the_front_door() -> None:
    strangers = {
        (path.name, name)
        for path in sources("actors", "messages")
        for name in imported_modules(tree(path))
        if name.split(".")[0] in ("tests", "run", ".")
    }

    assert not strangers


def test_the_map_of_the_folders_imports_nothing() -> None:
    assert not list(imported_modules(tree(ROOT / "actors/__init__.py")))
