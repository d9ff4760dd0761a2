"""Databento: DBN files, with the instruments that their numbers stand for."""
