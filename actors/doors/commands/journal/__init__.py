"""What is done with the journal of a live day."""
