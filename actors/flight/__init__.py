"""A session for other processes and other languages, over Arrow Flight: its server, and the client that is ours."""
