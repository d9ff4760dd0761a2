"""The command line itself: commands and their options, errors, Ctrl-C."""
