"""A process that dies after some of what it does to its files, with no chance to tidy up."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

_STEPS = ("replace", "unlink", "fsync", "rename", "rmdir")


class _Killed(BaseException):
    """The process is gone."""


@contextmanager
def killed_after(survived: int) -> Iterator[None]:
    """End the block, without a word, at the step after so many."""
    left = [survived]

    def mortal(step: Callable[..., object]) -> Callable[..., object]:
        def take(*given: object, **named: object) -> object:
            left[0] -= 1
            if left[0] < 0:
                raise _Killed
            return step(*given, **named)

        return take

    with pytest.MonkeyPatch.context() as dying, suppress(_Killed):
        for name in _STEPS:
            dying.setattr(os, name, mortal(getattr(os, name)))
        yield
