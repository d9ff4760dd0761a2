"""The session: the only writer of every bar in memory, and the one who answers for it."""
