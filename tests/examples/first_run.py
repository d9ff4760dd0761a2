"""Draw README's picture: what ``python run.py`` prints on a terminal, without what is another number every time.

python tests/examples/first_run.py
"""

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / "actors/doors/guide/first_run.svg"
PROMPT = "$ python run.py"
LEFT_OUT = "Sessions when healed", "Before and after"
"""From the first to the second there are times that it took."""
LAST = "At the close of"
_COLUMNS = 100
_THEME = TerminalTheme(
    (22, 27, 34),
    (201, 209, 217),
    [(72, 79, 88), (255, 123, 114), (63, 185, 80), (227, 179, 65)] + [(88, 166, 255)] * 4,
)
_FORMAT = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<title>python run.py</title>
<style>
.{unique_id}-matrix {{ font: {char_height}px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
<rect fill="#161b22" width="{width}" height="{height}" rx="8"/>
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def shown(printed: str) -> str:
    """Return the part of what is printed that is the same every time."""
    first, again = (printed.index(words) for words in LEFT_OUT)
    return f"{PROMPT}\n{printed[:first]}{printed[again : printed.index(LAST)]}".strip()


def on_a_terminal() -> str:
    """Return what ``python run.py`` prints on a terminal, colours included."""
    ours, theirs = pty.openpty()
    terminal = {"COLUMNS": str(_COLUMNS), "TERM": "xterm-256color"}
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | terminal
    command = [sys.executable, "run.py"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=theirs, stderr=subprocess.DEVNULL):
        os.close(theirs)
        printed = b""
        while chunk := _read(ours):
            printed += chunk
    return printed.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # nobody writes to it any more
        return b""


def drawn(printed: str) -> str:
    """Return the picture of what was printed."""
    console = Console(record=True, width=_COLUMNS, file=io.StringIO())
    console.print(Text.from_ansi(printed))
    svg = console.export_svg(theme=_THEME, code_format=_FORMAT, unique_id="run")
    return "\n".join(line.strip() for line in svg.splitlines()) + "\n"


if __name__ == "__main__":
    PICTURE.write_text(drawn(shown(on_a_terminal())))
