"""The front door: hands the command line to ``actors.doors.cli``."""

import sys


def main() -> None:
    """Run the command line."""
    from actors.doors.cli import main as run

    sys.exit(run())


if __name__ == "__main__":
    main()
