"""How others write bars down: one declarative format a file, and what reading them has in common."""
