"""Bars and answers as tables: columns, windows of bars, matrices of symbols, and how they are shown and drawn."""
