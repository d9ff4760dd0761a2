"""Yahoo Finance: what yfinance writes, one ticker or many."""
