"""A market that is made up: its days, and how they happen minute by minute."""
