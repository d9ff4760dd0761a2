"""Who asks from another process: the status socket, and a look at a live run."""
