"""Which version this is."""

from importlib import metadata


def version() -> str:
    """Return the installed version, or ``0`` where the program runs from a checkout that is not installed."""
    try:
        return metadata.version("barkeeper")
    except metadata.PackageNotFoundError:
        return "0"
