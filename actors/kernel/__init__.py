"""How rooms talk: cores, shells, addresses, futures and clocks; the only place that knows Pykka."""
