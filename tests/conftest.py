"""How the tests run: hypothesis at random at home and the same every time in CI, and Ctrl-C heard wherever they run."""

import gc
import signal

from hypothesis import settings

from tests.depth import IS_CI, USUAL, examples

settings.register_profile("default", examples(USUAL), deadline=None)
settings.register_profile("ci", examples(USUAL), deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if IS_CI else "default")

# What a shell starts in the background ignores Ctrl-C, and so would every program that is started here to be stopped.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """Keep the collector from looking, again and again, at the thousands of tests that wait for their turn."""
    gc.collect()
    gc.freeze()
