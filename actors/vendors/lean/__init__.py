"""QuantConnect LEAN's data folder: minutes, quotes, seconds and ticks."""
