"""Newline-delimited JSON from any program: what a line may be, where lines come from, and the feed made of them."""
