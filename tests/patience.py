"""How long a test waits, on a machine that may have much else to do."""

PATIENCE_S = 60.0
"""For what is sure to come."""
SOON_S = 5.0
"""For what is promised within a second; what hangs instead, hangs for longer than this."""
