"""freqtrade: candles and trades as it downloads them."""
