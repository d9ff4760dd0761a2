"""Massive, formerly Polygon: flat files of a whole market's day."""
