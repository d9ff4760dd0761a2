"""The front door: hands the command line to ``actors.doors.cli.app``."""

import sys


def main() -> None:
    """Run the command line."""
    try:
        from actors.doors.cli.app import main as run

        code = run()
    except KeyboardInterrupt:  # before the command line itself listens for it
        sys.stderr.write("interrupted\n")
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
