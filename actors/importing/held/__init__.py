"""The bars of an import on their way to the store: in memory, or in a temporary file."""
