"""How the tests run: hypothesis at random at home and the same every time in CI, and Ctrl-C heard wherever they run."""

import os
import signal

from hypothesis import settings

settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")

# What a shell starts in the background ignores Ctrl-C, and so would every program that is started here to be stopped.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
