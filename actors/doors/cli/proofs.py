"""The command that proves that a strategy does not see the future."""

from pathlib import Path
from typing import Annotated

import typer

from actors.doors.cli import options, sweeps


def add_to(app: typer.Typer) -> None:
    """Give the program this command."""
    app.command(
        epilog=options.examples(
            "prove my_strategy.py:Strategy --store store",
            "prove my_strategy.py:Strategy --store store --last 3 --cuts 200 --out proof.jsonl",
            "verify proof.jsonl --store store",
        )
    )(prove)


def prove(
    ctx: typer.Context,
    strategy: sweeps.Place,
    store: options.Store,
    *,
    cuts: Annotated[int, typer.Option(metavar="N", min=1, help="In how many worlds with another future.")] = 50,
    seed: Annotated[int, typer.Option(metavar="N", help="Of the instants and of the futures.")] = 1,
    symbols: options.Symbols = "",
    calendar: options.Calendar = None,
    start: sweeps.Range = None,
    end: sweeps.Until = None,
    last: sweeps.LastFew = None,
    as_lived: Annotated[
        bool, typer.Option("--as-lived", help="Play recorded days as they were lived, not as they are known today.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where the proof is written.", show_default="the strategy's .proof.jsonl"),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Run a strategy once, and again in worlds that are the same until a random instant and nothing alike after it.

    All that it is told, asks, is answered and makes of that must be the same to the bit until then. What comes out is a
    file that `verify` recomputes on another computer.

    Exits with 1 if the strategy sees the future, and names the first thing that differs, with its minute and value.
    """

    def job() -> None:
        from actors.doors.commands.strategies import prove as command
        from actors.proving.prover import Question
        from messages.values import Seen

        question = Question(
            strategy=strategy,
            store=store,
            symbols=options.names(symbols),
            calendar=calendar,
            start=start,
            end=end,
            last=last,
            seen=Seen.AS_LIVED if as_lived else Seen.AS_KNOWN,
            cuts=cuts,
            seed=seed,
        )
        command.prove(question, out, as_json=as_json)

    ctx.obj.job = job
