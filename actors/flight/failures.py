"""Errors on their way to another process: they come out there as the class that they were, with the same sentence."""

import msgspec

from messages import errors
from messages.errors import BarkeeperError, QueryFailed

_KNOWN = {
    name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, BarkeeperError)
}


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """An error of ours by its name."""

    error: str
    text: str

    @classmethod
    def of(cls, error: BaseException) -> "Failure":
        """Describe an error; one that is none of ours is a question that failed."""
        if isinstance(error, BarkeeperError):
            return cls(error=type(error).__name__, text=str(error))
        return cls(error=QueryFailed.__name__, text=f"{type(error).__name__}: {error}")

    def exception(self) -> BarkeeperError:
        """Return the error; of a class that is not known here, the root of ours."""
        return _KNOWN.get(self.error, BarkeeperError)(self.text)
