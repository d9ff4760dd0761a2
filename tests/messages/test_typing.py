"""Typing is behaviour: both checkers accept what is right in typing_examples.py and refuse what is wrong."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = Path(__file__).with_name("typing_examples.py")
WRONG = {
    number
    for number, line in enumerate(EXAMPLES.read_text(encoding="utf-8").splitlines(), 1)
    if line.rstrip().endswith("# wrong")
}

pytestmark = pytest.mark.slow  # each checker takes a few seconds


def run(*arguments: str) -> str:
    done = subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout


def test_mypy_finds_what_is_wrong_and_nothing_else() -> None:
    shown = run("mypy", "--strict", "--no-error-summary", str(EXAMPLES))
    found = re.findall(r"typing_examples\.py:(\d+): error", shown)

    assert {int(line) for line in found} == WRONG, shown


def test_basedpyright_finds_what_is_wrong_and_nothing_else() -> None:
    shown = run("basedpyright", "--pythonpath", sys.executable, "--outputjson", str(EXAMPLES))
    errors = [one for one in json.loads(shown)["generalDiagnostics"] if one["severity"] == "error"]

    assert {one["range"]["start"]["line"] + 1 for one in errors} == WRONG, shown
