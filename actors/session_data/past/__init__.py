"""Closed sessions: with their minutes or their daily bars, what warm-up needs of them, what they were sealed as."""
