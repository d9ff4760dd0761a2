"""Many sessions, symbols and parameters in pieces: planned, dealt out to workers, gathered, and gone on with."""

from actors.sweep.progress import SweepProgress
from actors.sweep.results import Result, Results
from actors.sweep.run import sweep

__all__ = ["Result", "Results", "SweepProgress", "sweep"]
