"""Completeness: stores, trailing history and the next session."""
