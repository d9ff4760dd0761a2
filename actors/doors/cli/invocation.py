"""How this program was called, so that the commands it prints work when they are pasted."""

import shlex
import shutil
import subprocess
import sys
from pathlib import Path


def command(*arguments: str) -> str:
    """Return a command line that calls this program again, as the user's shell wants it quoted."""
    return _quoted((*_program(), *arguments))


def program() -> str:
    """Return how this program is called in examples: by the name that it was called by."""
    called = Path(sys.argv[0])
    if called.stem.lower() == "barkeeper":
        return "barkeeper"
    is_package = (called.parent.name, called.name) == ("barkeeper", "__main__.py")
    return "python -m barkeeper" if is_package else "python run.py"


def as_it_lies(advice: str) -> str:
    """Return advice on what to install for who calls a copy of the source: that copy with what is wanted of it."""
    called = Path(sys.argv[0])
    folder = called.absolute().parent
    if called.name != "run.py" or not (folder / "pyproject.toml").is_file():
        return advice
    return advice.replace("'barkeeper[", f"'{'.' if folder == Path.cwd() else folder}[")


def _program() -> tuple[str, ...]:
    called = Path(sys.argv[0])
    return (_interpreter(), sys.argv[0]) if called.name == "run.py" else ("barkeeper",)


def _interpreter() -> str:
    for name in ("python", "python3"):
        found = shutil.which(name)
        if found is not None and Path(found) == Path(sys.executable):
            return name
    return sys.executable


def _quoted(words: tuple[str, ...]) -> str:
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)
