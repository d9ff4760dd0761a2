"""What is done with a strategy of the user's."""
