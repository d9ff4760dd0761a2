"""``python -m barkeeper``: the command line."""

import sys

from actors.doors.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
