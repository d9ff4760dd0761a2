"""How what arrives is taken: bars, whole minutes, trades and quotes, bars in the making, receipts."""
