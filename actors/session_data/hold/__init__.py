"""What is held of the open session: its grid, how much of it is closed, derived bars, who sent what."""
