"""Alpaca: files of its market-data API, and its live stream."""
