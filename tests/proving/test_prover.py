"""A strategy that sees no further than it may is the same in every world until its future begins; another is caught."""

from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

import actors.system
from actors.proving.prover import Proof, Prover, Question, modules_of, sources_of
from actors.session_data.hold.known import Known
from actors.session_data.members.roster import Members
from actors.session_data.take.intake import Intake
from actors.storage.parquet import ParquetStore
from actors.strategy import load
from messages import SessionBoundary, SettingsError, StrategyFailed
from messages.values import Seen
from tests.builders import DAY
from tests.depth import also_slow
from tests.system.test_as_lived import stored
from tests.system.test_lived_day import CAME
from tests.system.worlds import fill

HERE = Path(__file__).parent / "strategies.py"
CLOSED = ("09:36-16:00",)
LINUX = pytest.mark.skipif("sys.platform != 'linux'", reason="files are watched on Linux")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of three short days."""
    root = tmp_path_factory.mktemp("proven") / "store"
    with closing(ParquetStore(root)) as store:
        fill(store, sessions=3, symbols=2, quiet=0.2, closed=CLOSED)
    return root


def prove(root: Path, name: str, cuts: int = 2, **more: object) -> Proof:
    return Prover(
        Question(strategy=f"{HERE}:{name}", store=str(root), cuts=cuts, last=2, closed=CLOSED, **more)
    ).prove()  # type: ignore[arg-type]


@pytest.mark.parametrize("name", also_slow(["Honest"], ["hears_bars"]))
def test_who_looks_where_he_may_is_proven(root: Path, name: str) -> None:
    proof = prove(root, name)

    assert (proof.is_proven, [cut.leak for cut in proof.cuts], proof.remarks) == (True, [None] * 2, [])
    assert all(cut.entries > 1 for cut in proof.cuts)
    assert proof.run.result == load(f"{HERE}:{name}").play(played(root)).result


def played(root: Path) -> object:
    from actors.system import System

    return System.backtest(str(root), last=2, closed=CLOSED).start()


@pytest.mark.slow
def test_the_same_question_has_the_same_answer(root: Path) -> None:
    one, other = (prove(root, "Honest", seed=4) for _ in range(2))

    assert one == other
    assert prove(root, "Honest", seed=5).cuts != one.cuts


def test_a_variable_that_holds_tomorrow_is_named_with_minute_and_value(root: Path) -> None:
    (leak,) = prove(root, "reads_tomorrow").leaks

    assert leak.what == "variable tomorrow"
    assert leak.minute.startswith("2024-07-0")
    assert float(leak.here) != float(leak.there)


def test_a_clock_is_named_with_its_line(root: Path) -> None:
    (leak,) = prove(root, "asks_the_clock").leaks

    assert "strategies.py:" in leak.hint
    assert "time.time_ns" in leak.hint


@pytest.mark.slow
def test_dice_without_a_seed_are_named(root: Path) -> None:
    (leak,) = prove(root, "dices").leaks

    assert "random.random" in leak.hint


@LINUX
def test_a_look_into_the_stores_files_is_seen_with_its_minute(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    question = Question(strategy=f"{HERE}:opens_a_file", store=str(root), cuts=2, last=2, closed=CLOSED)

    def find() -> object:
        strategy = load(question.strategy)
        monkeypatch.setitem(strategy.given.__globals__, "FOLDER", str(root))
        return strategy

    (leak,) = Prover(question, find).prove().leaks  # type: ignore[arg-type]
    assert leak.what.startswith("opens calendar=XNYS/")  # wherever the store lies, so that a proof travels
    assert "bars.parquet (line " in leak.what
    assert leak.minute.endswith("09:31")


@pytest.mark.slow
def test_a_leak_of_the_engine_is_named_by_its_reader(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who will trade today is told at the open, which nobody can know."""

    def known(self: Members, opening: SessionBoundary, *_: object) -> set[str]:
        del self
        return set(opening.symbols)

    monkeypatch.setattr(Members, "known", known)
    (leak,) = prove(root, "Honest", seed=2).leaks

    assert (leak.what, leak.here, leak.there) == ("event MinuteClosed expected", "2", "3")


@pytest.mark.parametrize("what", ["event BarsUpdated revision", "event BarsUpdated batch.is_sane"])
def test_what_is_known_of_minutes_to_come_is_another_in_some_world(
    root: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Former versions told that something is known of them, and that some of their bars are unsound."""
    tell, judged = Known.tell, Intake._judged
    if what.endswith("revision"):
        monkeypatch.setattr(Known, "tell", lambda self, *at: tell(self, *at) or True)
    else:
        monkeypatch.setattr(Intake, "_judged", lambda self, batch: replace(judged(self, batch), is_sane=batch.is_sane))
    (leak,) = prove(root, "hears_bars", cuts=20).leaks

    assert leak.what == what


@pytest.mark.slow
def test_days_are_proven_as_they_were_lived_too(tmp_path: Path) -> None:
    memory = stored(CAME)
    day, prints = memory.read("XNYS", DAY.date), memory.prints("XNYS", DAY.date)
    assert day is not None
    assert prints is not None
    with closing(ParquetStore(tmp_path / "store")) as store:
        store.merge("XNYS", DAY.date, day)
        store.keep_prints("XNYS", DAY.date, prints)
    question = Question(
        strategy=f"{HERE}:Honest", store=str(tmp_path / "store"), cuts=3, seen=Seen.AS_LIVED, closed=CLOSED
    )

    assert Prover(question).prove().is_proven


def test_what_fails_or_hears_nothing_is_refused(root: Path) -> None:
    with pytest.raises(StrategyFailed, match="ValueError: 2"):
        prove(root, "fails")
    with pytest.raises(SettingsError, match="listens to no minutes"):
        prove(root, "hears_nothing")


def test_its_files_are_all_that_it_has_imported_of_its_folder_and_none_of_this_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is where a strategy lies in the folder of a clone of this package, or beside an environment."""
    for name, text in {
        "mine.py": "from actors.system import System\nfrom mine_signals import crossed\nimport mine_parts.sums\n",
        "mine_signals.py": "from mine_lengths import LENGTH\n\n\ndef crossed(): return LENGTH\n",
        "mine_lengths.py": "LENGTH = 3\n",
        "mine_parts/__init__.py": "",
        "mine_parts/sums.py": "from .tables import TABLE\n",
        "mine_parts/tables.py": "TABLE = {}\n",
        "mine_others.py": "",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text + "\n\ndef run(system): return {}\n", encoding="utf-8")
    monkeypatch.setattr(actors.system, "__file__", str(tmp_path / "actors" / "system.py"))
    load(f"{tmp_path / 'mine_others.py'}:run")

    modules = modules_of(load(f"{tmp_path / 'mine.py'}:run"))

    assert [one.__name__.partition("_")[0] for one in modules[:1]] == ["strategy"]
    assert list(sources_of(modules)) == [
        *("mine.py", "mine_lengths.py", "mine_parts/__init__.py", "mine_parts/sums.py", "mine_parts/tables.py"),
        "mine_signals.py",
    ]


def test_every_minute_is_heard_of_a_day_that_is_long_enough_for_some_to_be_promised(tmp_path: Path) -> None:
    closed = ("10:30-16:00",)
    with closing(ParquetStore(tmp_path / "store")) as store:
        fill(store, sessions=1, symbols=2, quiet=0.2, closed=closed)
    question = Question(strategy=f"{HERE}:Honest", store=str(tmp_path / "store"), cuts=3, closed=closed)

    proof = Prover(question).prove()

    assert (proof.run.minutes, proof.is_proven) == (60, True)
