"""How it is shown: tables, the live panel, lines, numbers, progress."""
