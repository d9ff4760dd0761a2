"""How names, numbers, zones and characters are spelled in the files that people have."""
