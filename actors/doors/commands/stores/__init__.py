"""What is done with stores as a whole."""
