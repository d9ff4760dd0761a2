"""Doors for people: the command line, what its commands do, how it is shown, and who asks from outside."""
