"""The ``prove`` command: whether a strategy sees the future; and ``verify`` of what it wrote."""

from pathlib import Path

import msgspec

from actors.doors.show import figures, paper
from actors.doors.show.progress import proof_bar
from actors.proving import proof as proofs
from actors.proving.prover import CutResult, Leak, Proof, Prover, Question, Told
from messages.errors import DataError


class ProofResult(msgspec.Struct, frozen=True, kw_only=True):
    """A proof, as its JSON has it."""

    is_proven: bool
    file: str
    digest: str
    """Of the file's last record, which stands for the whole."""
    run: Told
    cuts: list[CutResult]
    leaks: list[Leak]
    remarks: list[str]


class CheckedResult(msgspec.Struct, frozen=True, kw_only=True):
    """A proof that was recomputed, as its JSON has it."""

    file: str
    records: int
    is_same: bool
    is_proven: bool
    first: int | None
    fault: str
    remarks: list[str]


def prove(question: Question, out: Path | None, *, as_json: bool) -> None:
    """Prove, write the file, and print how it came out.

    Raises:
        BarkeeperError: it cannot be tried; or the strategy sees the future, then what it sees is named.
    """
    with proof_bar() as show_progress:
        proof = Prover(question, on_progress=show_progress).prove()
    path = out or Path(f"{Path(question.strategy.rpartition(':')[0]).stem}.proof.jsonl")
    digest = proofs.write(path, proof)
    if as_json:
        paper.show_json(
            ProofResult(
                is_proven=proof.is_proven,
                file=str(path),
                digest=digest,
                run=proof.run,
                cuts=proof.cuts,
                leaks=proof.leaks,
                remarks=proof.remarks,
            )
        )
    else:
        paper.show(f"{_summed(proof)}\n{path}: {digest}")
        paper.say(*proof.remarks)
    if proof.leaks:
        raise DataError(_told(proof.leaks[0], "with another future" if proof.cuts else "when it ran once more"))


def _summed(proof: Proof) -> str:
    if not proof.cuts:
        return "No world with another future was tried: it fails already in the same one."
    same = sum(cut.leak is None for cut in proof.cuts)
    compared = sum(cut.entries for cut in proof.cuts)
    return (
        f"{figures.count(same)} of {figures.count(len(proof.cuts))} worlds with another future are the same until "
        f"it begins: {figures.count(compared)} events, answers and states were compared to the bit."
    )


def _told(leak: Leak, where: str) -> str:
    differs = f": {leak.here} here, {leak.there} {where}" if leak.here != leak.there else ""
    return f"{leak.minute}: {leak.what}{differs}" + (f" ({leak.hint})" if leak.hint else "")


def verify(path: Path, strategy: str | None, store: str | None, *, as_json: bool) -> None:
    """Recompute a proof, and print whether it comes out the same.

    Raises:
        BarkeeperError: it cannot be recomputed, or a record differs: the first is named.
    """
    with proof_bar() as show_progress:
        checked = proofs.verify(path, strategy, store, show_progress)
    if as_json:
        paper.show_json(
            CheckedResult(
                file=str(path),
                records=checked.records,
                is_same=checked.first is None,
                is_proven=checked.is_proven,
                first=checked.first,
                fault=checked.fault,
                remarks=checked.remarks,
            )
        )
    elif checked.first is None:
        outcome = "it sees no further than it may" if checked.is_proven else "it sees the future"
        paper.show(f"{path}: all {figures.count(checked.records)} records come out the same; {outcome}.")
        paper.say(*checked.remarks)
    if checked.first is not None:
        raise DataError(f"{path}, {checked.fault}")
