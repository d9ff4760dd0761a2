"""Interactive Brokers: bars as ib_insync and ib_async frame them."""
