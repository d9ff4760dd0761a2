"""What a stranger's code may end with that is no ``Exception``: it exits, is cancelled, or panics."""

import asyncio


class PanicException(BaseException):
    """Named as what libraries built with PyO3 raise where their Rust code panics; harmless."""


ENDS: tuple[type[BaseException], ...] = (
    PanicException,
    SystemExit,
    asyncio.CancelledError,
    KeyboardInterrupt,
    GeneratorExit,
)
"""In a thread of ours none of them is anybody's wish that it should end."""
IN_MAIN_THREAD: tuple[type[BaseException], ...] = (PanicException, SystemExit, asyncio.CancelledError)
"""Those that are a stranger's own doing there too, where no handler of a signal is the program's own."""
