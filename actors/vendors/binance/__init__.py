"""Binance: klines as its data archive packs them."""
