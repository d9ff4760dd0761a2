"""Another package's vendor: installed beside the product, its format, its feed and its history are there by name."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from actors.vendors import registry
from actors.vendors.vendor import FeedEntry, Vendor
from tests.house.source import ROOT
from tests.strangers import IN_MAIN_THREAD

PLUG_IN = ROOT / "tests/examples/plug_in"
BAR = {"type": "bar", "symbol": "PIPE", "open": 1.0, "high": 2.0, "low": 1.0, "close": 1.5, "volume": 10}
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The program in an environment of its own: what this one has, and the plug-in."""
    place = tmp_path_factory.mktemp("plug-in") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    python = place / ("Scripts" if os.name == "nt" else "bin") / "python"
    site = subprocess.check_output(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
    ).strip()
    Path(site, "parent.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    sources = shutil.copytree(PLUG_IN, place.parent / "sources")  # a build leaves its own files beside them
    pip = [sys.executable, "-m", "pip", "--python", python, "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--no-deps", sources], check=True, capture_output=True)

    def called(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [python, "run.py", *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)

    return called


@pytest.mark.slow
def test_a_plug_in_adds_a_format_by_name(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pipes.acme").write_text("ACME PIPE\n1704207600|1|2|1|1.5|10\n", encoding="utf-8")

    done = run("import", tmp_path / "pipes.acme", "--store", tmp_path / "store", "--json")
    (file,) = json.loads(done.stdout)["files"]

    assert (file["format"], file["symbols"], file["kept"]) == ("acme", ["PIPE"], 1)
    assert "acme" in run("import", "--help").stdout


@pytest.mark.slow
def test_a_plug_in_adds_a_feed_by_name(run: Run, tmp_path: Path) -> None:
    lines = tmp_path / "lines"
    start_ns = (time.time_ns() // 60_000_000_000 - 3) * 60_000_000_000
    lines.write_text(json.dumps({**BAR, "start": start_ns}) + "\n", encoding="utf-8")
    store = tmp_path / "store"

    done = run("live", "--feed", "acme", "--from", lines, "--calendar", "24/7", "--store", store, "--json")

    assert [feed["feed"] for feed in json.loads(done.stdout)["feeds"]] == ["acme"]
    told = " ".join(run("live", "--help").stdout.replace("│", " ").split())  # wherever its lines break
    assert "acme (one bar" in told


@pytest.mark.slow
def test_a_plug_in_adds_a_history_by_name(run: Run, tmp_path: Path) -> None:
    rows = [f"{1704153600 + 60 * minute}|1|2|1|1.5|10" for minute in range(120) if minute not in (7, 50)]
    (tmp_path / "pipes.acme").write_text("\n".join(["ACME PIPE", *rows]), encoding="utf-8")
    config = tmp_path / "config.toml"
    config.write_text(f'store = "{tmp_path / "store"}"\n[vendors.acme]\npath = "{tmp_path / "pipes.acme"}"\n')

    done = run("fetch", "--from", "acme", "--symbols", "PIPE", "--start", "2024-01-02", "--end", "2024-01-02",
               "--config", config, "--json")  # fmt: skip
    (day,) = json.loads(done.stdout)["days"]

    assert (day["filled"], day["certified"], json.loads(done.stdout)["requests"]) == (118, True, 3)
    assert "acme" in run("vendors").stdout


def vendor(name: str, **more: Any) -> Vendor:
    return Vendor(name=name, title=name, **more)


def entry(name: str, loaded: object) -> EntryPoint:
    class Entry(EntryPoint):
        def load(self) -> Any:
            if isinstance(loaded, Exception):
                raise loaded
            return loaded

    return Entry(name, "somewhere:VENDOR", registry.GROUP)


@pytest.mark.parametrize(
    ("loaded", "fault"),
    [
        (ImportError("no module"), "the plug-in acme was left out: ImportError: no module"),
        ("a text", "the plug-in acme was left out: somewhere:VENDOR is no Vendor"),
        (vendor("csv"), "the plug-in acme was left out: the name csv is taken"),
        (vendor("x", formats={"csv": "x:CSV"}), "the plug-in acme was left out: the name csv is taken"),
        (
            vendor("x", feeds=(FeedEntry(name="replay", title="", opens="x:y"),)),
            "the plug-in acme was left out: the name replay is taken",
        ),
    ],
)
def test_a_plug_in_that_cannot_be_taken_is_left_out_and_named(
    monkeypatch: pytest.MonkeyPatch, loaded: object, fault: str
) -> None:
    monkeypatch.setattr(registry, "entry_points", lambda group: [entry("acme", loaded)])
    found, faults = registry._found.__wrapped__()

    assert found == registry.vendors()
    assert faults == (fault,)


@pytest.mark.parametrize("kind", IN_MAIN_THREAD)
def test_a_plug_in_that_panics_when_it_is_loaded_is_left_out_and_named(
    monkeypatch: pytest.MonkeyPatch, kind: type[BaseException]
) -> None:
    def load() -> object:
        raise kind("oops")

    monkeypatch.setattr(registry, "entry_points", lambda group: [SimpleNamespace(name="acme", load=load)])
    found, faults = registry._found.__wrapped__()

    assert (found, faults) == (registry.vendors(), (f"the plug-in acme was left out: {kind.__name__}: oops",))


def test_a_plug_in_comes_before_what_any_program_can_write(monkeypatch: pytest.MonkeyPatch) -> None:
    acme = vendor("acme", formats={"acme": "acme_vendor.files:ACME"})
    monkeypatch.setattr(registry, "entry_points", lambda group: [entry("acme", acme)])
    found, faults = registry._found.__wrapped__()

    assert (found[-2:], faults) == ((acme, registry.vendors()[-1]), ())
