"""Order and time: what is told to whom, and when."""
