"""A live day as it was received, message by message."""
