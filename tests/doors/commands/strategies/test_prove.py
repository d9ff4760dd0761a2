"""The command ``prove``, and ``verify`` of what it wrote."""

import shutil
from pathlib import Path

import pytest

from tests.doors.conftest import Call
from tests.proving.test_prover import HERE


@pytest.fixture
def strategy(tmp_path: Path) -> Path:
    return Path(shutil.copy(HERE, tmp_path / "strategies.py"))


def test_a_strategy_is_proven_and_its_proof_recomputed(
    call: Call, store: Path, strategy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = ("prove", f"{strategy}:hears_bars", "--store", store, "--cuts", "1", "--last", "1", "--symbols", "BAB")
    said = call(*asked, "--json")

    assert (said.code, said.err) == (0, "")
    assert (said.object["is_proven"], len(said.object["cuts"]), said.object["leaks"]) == (True, 1, [])
    assert said.object["file"] == "strategies.proof.jsonl"
    again = call("verify", "strategies.proof.jsonl", "--json").object
    assert (again["is_same"], again["is_proven"], again["fault"]) == (True, True, "")


@pytest.mark.slow
def test_what_sees_the_future_is_named_and_fails(call: Call, store: Path, strategy: Path, tmp_path: Path) -> None:
    asked = ("prove", f"{strategy}:reads_tomorrow", "--store", store, "--cuts", "2", "--last", "1")
    said = call(*asked, "--out", tmp_path / "p.jsonl")

    assert said.code == 1
    assert said.err.startswith("error: 2024-07-03 ")
    assert "variable tomorrow: " in said.err
    assert "with another future" in said.err
    assert "0 of 1 worlds" in said.out


def test_what_differs_in_the_same_world_is_not_said_to_be_of_another(
    call: Call, store: Path, strategy: Path, tmp_path: Path
) -> None:
    said = call(
        *("prove", f"{strategy}:asks_the_clock", "--store", store, "--last", "1", "--symbols", "BAB"),
        *("--out", tmp_path / "p.jsonl"),
    )

    assert said.out.startswith("No world with another future was tried: ")
    assert " when it ran once more (it asks a clock or dice of its own: " in said.err


@pytest.mark.slow
def test_a_proof_that_was_edited_is_refused(call: Call, store: Path, strategy: Path, tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    call("prove", f"{strategy}:hears_bars", "--store", store, "--cuts", "1", "--last", "1", "--out", path)
    path.write_bytes(path.read_bytes().replace(b'"is_proven": true', b'"is_proven": false'))
    last = call("verify", path, "--store", store)
    path.write_bytes(path.read_bytes().replace(b'"cuts": 1', b'"cuts": 2'))
    first = call("verify", path)

    assert (last.code, first.code) == (1, 1)
    assert "(outcome): is_proven is False, recomputed it is True" in last.err
    assert "record 1: it is not the one that was written" in first.err


def test_verify_needs_a_store_or_a_proof(call: Call) -> None:
    assert "say which store, --store DIR|URL, or the file of a proof" in call("verify").err
    assert "--strategy is that of a proof" in call("verify", "--store", "s", "--strategy", "a.py:b").err
