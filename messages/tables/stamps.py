"""The starts of bars, as a program gives them and as a frame shows them."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from messages.errors import DataError, SettingsError, shown

if TYPE_CHECKING:
    import pandas as pd


def starts_in(start_ns: npt.NDArray[np.int64], tz: str | None) -> "pd.DatetimeIndex":
    """Return starts as a frame's index, in a zone.

    Raises:
        SettingsError: there is no such zone.
    """
    import pandas as pd

    index = pd.DatetimeIndex(start_ns, name="start").tz_localize("UTC")
    try:
        if tz is not None:  # pandas would take it for no zone at all
            return index.tz_convert(tz)
    except (LookupError, ValueError, TypeError, OverflowError, OSError):
        pass
    raise SettingsError(f"tz is a zone, such as 'America/New_York' or 'UTC', not {shown(tz)}")


def array_of(given: Any, dtype: npt.DTypeLike | None = None) -> npt.NDArray[Any]:
    """Return an array.

    Raises:
        DataError: it cannot be made one of that type.
    """
    try:
        return np.asarray(given, dtype=dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"a batch is made of arrays of numbers: {error}") from error


def stamps_of(given: Any) -> npt.NDArray[np.int64]:
    """Return starts in nanoseconds; datetimes of any unit count in theirs.

    Raises:
        DataError: they are neither, or not one a bar.
    """
    stamps = array_of(given)
    if stamps.dtype.kind == "M":
        stamps = stamps.astype("datetime64[ns]").view(np.int64)
    if stamps.ndim != 1 or (len(stamps) and stamps.dtype.kind not in "iu"):
        raise DataError(f"the starts of a batch are whole nanoseconds or datetimes, one a bar, not {shown(given)}")
    return stamps.astype(np.int64, copy=False)


def places_of(given: Any, table: int) -> npt.NDArray[np.int32]:
    """Return places in a table of that length.

    Raises:
        DataError: one is none.
    """
    places = array_of(given)
    if places.ndim != 1 or (
        len(places) and not (places.dtype.kind in "iu" and int(places.min()) >= 0 and int(places.max()) < table)
    ):
        raise DataError("a batch has a symbol_index that is no place in its table of symbols")
    return places.astype(np.int32, copy=False)
