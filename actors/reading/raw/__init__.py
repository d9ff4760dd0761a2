"""Bytes of files and columns of tables as they lie in memory."""
