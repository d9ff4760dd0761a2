"""All that is measured beside others, in one go, as tables; and put into the guide in place of those that it has.

    python -m pip install -e ".[peers]"
    python tests/benchmarks/readme_tables.py                   # half an hour, on a machine with nothing else to do
    python tests/benchmarks/readme_tables.py --write actors/doors/guide/speed.md

There a table stands between ``<!-- NAME -->`` and ``<!-- end of NAME -->``.
"""

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # of a script only its own folder is known

from tests.benchmarks import feeds, peers, startup, strategy
from tests.benchmarks.measuring import count

TABLES: dict[str, Callable[[int], str]] = {
    "peers": lambda repeat: peers.table(peers.compare(peers.WORKS, repeat)),
    "strategy": lambda repeat: strategy.table(strategy.measure(10, repeat)),
    "startup": lambda repeat: startup.table(startup.start_all(startup.BACKTESTS, repeat)),
    "feeds": lambda repeat: feeds.table(feeds.take_all(feeds.LINES, repeat)),
}


def main() -> None:
    """Measure what the command line asks for, print it, and write it down where it shall stand."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=TABLES, action="append", help="not all of them; repeatable")
    parser.add_argument("--repeat", type=count, default=5, metavar="N", help="rounds (default: 5)")
    parser.add_argument("--write", type=Path, metavar="FILE", help="a text with places for them")
    wanted = parser.parse_args()
    for name in wanted.only or TABLES:
        table = TABLES[name](wanted.repeat)
        print(f"{name}.py\n\n{table}\n", flush=True)
        if wanted.write is not None:
            text = wanted.write.read_text(encoding="utf-8")
            wanted.write.write_text(put_in(text, name, table), encoding="utf-8")


def put_in(text: str, name: str, table: str) -> str:
    """Return a text with a table in its place; as it is where it has none for it."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    place = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    return place.sub(lambda _: f"{begin}{table}\n{end}", text)


if __name__ == "__main__":
    main()
