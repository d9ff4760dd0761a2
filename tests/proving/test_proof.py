"""A proof as a file: recomputed it comes out the same, and what was changed in it, or under it, is named."""

import json
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from actors.proving import chain, proof
from actors.proving.prover import Prover, Question
from actors.storage.parquet import ParquetStore
from messages import DataError
from tests.proving.test_prover import CLOSED, HERE, root
from tests.system.worlds import fill

__all__ = ["root"]


@pytest.fixture
def file(root: Path, tmp_path: Path) -> Path:  # the store of the other file
    path = tmp_path / "proof.jsonl"
    question = Question(strategy=f"{HERE}:Honest", store=str(root), cuts=1, last=2, closed=CLOSED)
    proof.write(path, Prover(question).prove())
    return path


def test_recomputed_it_comes_out_the_same_wherever_store_and_strategy_lie(
    file: Path,
    root: Path,
    tmp_path: Path,
) -> None:
    shutil.copytree(root, tmp_path / "elsewhere")
    shutil.copy(HERE, tmp_path / "strategies.py")
    checked = proof.verify(file, f"{tmp_path / 'strategies.py'}:Honest", str(tmp_path / "elsewhere"))

    assert (checked.first, checked.fault, checked.is_proven, checked.remarks) == (None, "", True, [])
    kinds = [record["record"] for record in chain.read(file)]
    assert kinds == ["question", "source", "day", "day", "day", "run", "cut", "outcome"]


def test_a_record_that_was_changed_is_found(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b'"minutes": 12', b'"minutes": 13'))

    with pytest.raises(DataError, match="record 6: it is not the one that was written"):
        proof.verify(file)


@pytest.mark.slow
def test_one_that_was_changed_with_all_that_follows_is_found_when_it_is_recomputed(file: Path) -> None:
    records = chain.read(file)
    records[5]["decisions"] = "0" * 64
    chain.write(file, records)
    checked = proof.verify(file)

    assert checked.first == 6
    assert checked.fault.startswith(f"record 6 (run): decisions is '{'0' * 64}', recomputed it is '")


@pytest.mark.slow
def test_other_bars_and_another_strategy_are_named(file: Path, tmp_path: Path) -> None:
    with closing(ParquetStore(tmp_path / "other")) as store:
        fill(store, sessions=3, symbols=2, quiet=0.3, closed=CLOSED)
    other = tmp_path / "strategies.py"
    other.write_text(HERE.read_text(encoding="utf-8").replace("length: int = 3", "length: int = 4"), encoding="utf-8")

    bars = proof.verify(file, store=str(tmp_path / "other"))
    source = proof.verify(file, strategy=f"{other}:Honest")

    assert bars.fault.startswith("record 3 (day 2024-07-01): bars is '")
    assert source.fault.startswith("record 2 (source strategies.py): sha256 is '")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is empty"),
        (b"{}\n", "record 1: expected a JSON object that names the one before it"),
        (b"nonsense\n", "record 1: expected a JSON object"),
    ],
)
def test_what_is_no_proof_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "p"
    path.write_bytes(content)
    with pytest.raises(DataError, match=said):
        proof.verify(path)
    with pytest.raises(DataError, match="cannot be read"):
        proof.verify(tmp_path / "nowhere")


def test_a_chain_of_something_else_is_refused(tmp_path: Path) -> None:
    chain.write(tmp_path / "p", [{"record": "recipe"}])
    with pytest.raises(DataError, match="expected a proof of version 1, found recipe None"):
        proof.verify(tmp_path / "p")
    chain.write(tmp_path / "p", [{"record": "question", "version": 1, "cuts": "many"}])
    with pytest.raises(DataError, match="record 1: "):
        proof.verify(tmp_path / "p")


def test_each_record_names_the_one_before(tmp_path: Path) -> None:
    digest = chain.write(tmp_path / "p", [{"a": 1}, {"b": 2}])
    lines = (tmp_path / "p").read_text(encoding="utf-8").splitlines()

    assert json.loads(lines[0])["previous"] == chain.FIRST
    assert chain.read(tmp_path / "p") == [{"a": 1}, {"b": 2}]
    assert len(digest) == 64
